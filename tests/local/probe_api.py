"""An aggregated API of one line, run within a pod by the machine's own Python: no image needs to hold one."""

import http.server
import ssl
import sys


class Probe(http.server.BaseHTTPRequestHandler):
    """Answers every question with what was asked."""

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    with http.server.ThreadingHTTPServer(("", 8443), Probe) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
