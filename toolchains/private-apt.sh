# shellcheck shell=bash
# Sourced by the scripts beside it: apt with a state of its own, which needs no root and touches nothing of the
# machine's. It takes the machine's own mirror, keys and proxy, but none of its installed packages.

readonly debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# A mirror of Debian: the one that REQIVO_DEBIAN_MIRROR names, else the one from which this machine takes its own
# release. None where its release is another distribution's: their mirrors have other suites.
debian_mirror() {
  local release
  if [[ -n ${REQIVO_DEBIAN_MIRROR:-} ]]; then
    echo "$REQIVO_DEBIAN_MIRROR"
    return
  fi
  # shellcheck source=/dev/null
  (. /etc/os-release && [[ ${ID:-} == debian ]]) || return 0
  # shellcheck source=/dev/null
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016  # the $(...) are apt's own fields
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$release" '$1 == release && $2 == "main" { print $3; exit }'
}

# Sets `private` to the apt options that keep everything in the folder $1 and read suite $2 for $3 entries ("deb" or
# "deb-src"). Fails where there is no Debian mirror, or not the key that its packages are signed with.
prepare_apt() {
  local state=$1 suite=$2 entry=$3 mirror
  mirror=$(debian_mirror)
  [[ -n $mirror && -f $debian_keyring ]] || return 1
  mkdir -p "$state"/{parts,lists/partial,cache/archives/partial}
  : >"$state/status"
  printf '%s [signed-by=%s] %s %s main\n' "$entry" "$debian_keyring" "$mirror" "$suite" \
    >"$state/parts/private.list"
  # shellcheck disable=SC2034  # for the script that sources this
  private=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$state/parts"
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o Dir::State="$state" -o Dir::State::Lists="$state/lists" -o Dir::State::Status="$state/status"
    -o Dir::Cache="$state/cache" -o Acquire::Languages=none -o Acquire::Retries=1
    -o APT::Sandbox::User="$(id -un)")
}
