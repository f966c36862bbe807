#!/bin/sh
# Lets the Docker engine of @HOST@ be reached at port @PORT@ by whoever has the client certificate, and by nobody else.
#
# Read it first, then run it as root on @HOST@ itself. It needs openssl and an engine that systemd runs.
# It leaves the folder containerjob-@NAME@ with the certificates and two manifests: take that to where kubectl works.
#
# containerjob @VERSION@ does not take tcp:// endpoints yet: its API server refuses @NAME@'s dockerhost.yaml. It is honoured
# by the first version for which `kubectl explain dockerhost.spec.endpoint` names tcp://. Until then, print the way
# over SSH: kubectl containerjob host bootstrap @HOST@ --ssh
set -eu
umask 077
root="${DESTDIR:-}"
docker="$root/etc/docker"
mkdir -p containerjob-@NAME@ "$docker/containerjob" "$root/etc/systemd/system/docker.service.d"
cd containerjob-@NAME@

key() {
	[ -f "$1" ] || openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null ||
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# sign NAME SUBJECT: a certificate by our own authority, with the extensions in NAME.cnf.
sign() {
	key "$1-key.pem"
	openssl req -new -sha256 -key "$1-key.pem" -subj "$2" -out "$1.csr"
	openssl x509 -req -sha256 -days @DAYS@ -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial \
		-extfile "$1.cnf" -out "$1.pem"
	rm "$1.csr" "$1.cnf"
}

# 1. A certificate authority for this engine alone; its key never leaves this folder.
key ca-key.pem
cat >ca.cnf <<'CONFIG'
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = containerjob @NAME@
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
CONFIG
[ -f ca.pem ] || openssl req -x509 -new -sha256 -days 3650 -config ca.cnf -key ca-key.pem -out ca.pem
rm ca.cnf

# 2. The engine's certificate, for every name and address that it is reached by.
cat >server.cnf <<'CONFIG'
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = @NAMES@
CONFIG
sign server '/CN=@HOST@'

# 3. The operator's certificate. Whoever has its key is root on this machine.
cat >client.cnf <<'CONFIG'
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
CONFIG
sign client '/CN=containerjob-operator'

# 4. The engine: its socket as before, and the port with certificates of both sides.
cat >daemon.json <<'CONFIG'
{
  "hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:@PORT@"],
  "tlsverify": true,
  "tlscacert": "/etc/docker/containerjob/ca.pem",
  "tlscert": "/etc/docker/containerjob/server.pem",
  "tlskey": "/etc/docker/containerjob/server-key.pem"
}
CONFIG
if [ -f "$docker/daemon.json" ] && ! cmp -s daemon.json "$docker/daemon.json"; then
	echo "/etc/docker/daemon.json is there already: add to it what containerjob-@NAME@/daemon.json says, then run this again" >&2
	grep -q '"tlsverify": *true' "$docker/daemon.json" || exit 1
else
	cp daemon.json "$docker/daemon.json"
fi
cp ca.pem server.pem server-key.pem "$docker/containerjob/"
# The unit's own -H would contradict "hosts" above.
cat >"$root/etc/systemd/system/docker.service.d/containerjob.conf" <<'CONFIG'
[Service]
ExecStart=
ExecStart=/usr/bin/dockerd --containerd=/run/containerd/containerd.sock
CONFIG

# 5. The Secret, in the operator's namespace, and the host.
encoded() { base64 <"$1" | tr -d '\n'; }
cat >secret.yaml <<MANIFEST
apiVersion: v1
kind: Secret
metadata:
  name: @NAME@-tls
  namespace: containerjob-system
type: kubernetes.io/tls
data:
  ca.crt: $(encoded ca.pem)
  tls.crt: $(encoded client.pem)
  tls.key: $(encoded client-key.pem)
MANIFEST
cat >dockerhost.yaml <<'MANIFEST'
@MANIFEST@
MANIFEST

systemctl daemon-reload
systemctl restart docker
echo "Now, where kubectl works: kubectl apply -f secret.yaml -f dockerhost.yaml"
