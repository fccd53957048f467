#!/usr/bin/env bash
# Installs what some tests meet as peers that nobody here wrote: Redis, Chromium, flatc, and in .peers/ the Python SDKs of OpenAI
# and Anthropic, aioquic, noiseprotocol and schemathesis; and two packages that cannot be in the lock file: the QUIC package names packages for
# other systems that its makers never published, and ONNX Runtime's script would download CUDA in every `npm ci`. Debian packages are installed where apt-get may be used; else install Redis,
# Chromium and flatc as your system does. Without a peer its tests are skipped; with M2M_REQUIRE_PEERS=1 they fail.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
command -v flatc >/dev/null || missing+=(flatbuffers-compiler)
if ((${#missing[@]} > 0)) && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

peer_package() {
  local name="$1" version="$2"
  if [ -e "node_modules/$name" ]; then return 0; fi
  npm install --prefix .peers/node --ignore-scripts "$name@$version"
  mkdir -p "$(dirname "node_modules/$name")"
  ln -sfn "$PWD/.peers/node/node_modules/$name" "node_modules/$name"
}
mkdir -p .peers/node
peer_package @infisical/quic 1.0.8
peer_package onnxruntime-node 1.30.0

# The copy says which list is installed.
if ! cmp -s scripts/peers.txt .peers/peers.txt; then
  python3 -m venv .peers
  .peers/bin/pip install -q --disable-pip-version-check -r scripts/peers.txt
  cp scripts/peers.txt .peers/peers.txt
fi
