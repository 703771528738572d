# Sourced by the steps: where things are, and how containers are started.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${COFFER_VERIFY_WORK:-/var/tmp/coffer-verify}
image=localhost/coffer:verify
debian_image=docker.io/library/debian:bookworm-slim
swift_image=docker.io/library/$(sed -n 's/^FROM \(swift:[^ ]*\) .*/\1/p' "$root/docker/Dockerfile")
mkdir -p "$work"

fail() { echo "failed: $1" >&2; exit 1; }

# Says what was seen; `expect WORDS CONDITION…` fails when the condition does not hold.
expect() {
  local words=$1
  shift
  "$@" || fail "$words"
  echo "ok: $words"
}

# Waits for at most the given seconds until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

# Containers with the restrictions of compose.yaml, by runc: it works with every version of cgroups. The limits are
# those of this shell, which may be too little privileged to raise them.
start_container() {
  local name=$1
  shift
  # Podman complains that no systemd is there to run the health check: it is run by hand.
  podman --log-level fatal --runtime runc run --detach --name "$name" --read-only --read-only-tmpfs=false --cap-drop all \
    --security-opt no-new-privileges --memory 1g --pids-limit 1024 \
    --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=4096:4096 "$@" >"$work/container-id"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
