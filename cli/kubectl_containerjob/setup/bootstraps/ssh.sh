#!/bin/sh
# Brings the Docker socket of @HOST@ to the operator's machine over SSH, and registers it as DockerHost @NAME@.
#
# Read it first, then run it as root on the machine where the operator runs. It needs systemd, the OpenSSH client, kubectl
# with the rights to create DockerHosts, and a login to @USER@@@HOST@ that may write to Docker's socket there.
# If the operator runs in a pod, mount /run/containerjob of its node into it.
set -eu
umask 077
root="${DESTDIR:-}"
keys="$root/etc/containerjob/@NAME@"
socket=/run/containerjob/@NAME@.sock
mkdir -p "$keys" "$root/etc/systemd/system"

# 1. A key for this alone. It can forward a socket; it gets neither a shell nor a terminal.
[ -f "$keys/id" ] || ssh-keygen -q -t ed25519 -N '' -C 'containerjob @NAME@' -f "$keys/id"

# 2. Who the machine is. Compare the fingerprint below with what its console says before you go on.
if [ ! -s "$keys/known_hosts" ]; then
	ssh-keyscan -p @SSH_PORT@ @HOST@ >"$keys/known_hosts.new"
	mv "$keys/known_hosts.new" "$keys/known_hosts"
fi
ssh-keygen -l -f "$keys/known_hosts"

# 3. Let the key in. You log in here with your own key or password.
printf 'restrict,port-forwarding %s\n' "$(cat "$keys/id.pub")" |
	ssh -p @SSH_PORT@ -o "UserKnownHostsFile=$keys/known_hosts" @USER@@@HOST@ \
		'umask 077; mkdir -p ~/.ssh; line=$(cat); grep -qxF "$line" ~/.ssh/authorized_keys 2>/dev/null || echo "$line" >>~/.ssh/authorized_keys'

# 4. The forwarded socket, for root alone; systemd brings it back whenever the connection breaks.
cat >"$root/etc/systemd/system/containerjob-@NAME@.service" <<'UNIT'
[Unit]
Description=Docker socket of @HOST@ for containerjob
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
RuntimeDirectory=containerjob
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
ExecStart=/usr/bin/ssh -NT -p @SSH_PORT@ -i /etc/containerjob/@NAME@/id \
    -o BatchMode=yes -o ExitOnForwardFailure=yes -o UserKnownHostsFile=/etc/containerjob/@NAME@/known_hosts \
    -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o StreamLocalBindUnlink=yes -o StreamLocalBindMask=0177 \
    -L /run/containerjob/@NAME@.sock:@SOCKET@ @USER@@@HOST@
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now containerjob-@NAME@.service
tries=0
until [ -S "$root$socket" ]; do
	tries=$((tries + 1))
	[ "$tries" -le 30 ] || { echo "no socket yet: see journalctl -u containerjob-@NAME@" >&2; exit 1; }
	sleep 1
done

# 5. The host.
kubectl apply -f - <<'MANIFEST'
@MANIFEST@
MANIFEST
kubectl wait --for=condition=Ready --timeout=60s dockerhost/@NAME@
