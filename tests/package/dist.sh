#!/bin/bash
#
# dist.sh VERSION TARBALL: writes the release's tarball, of the commit that is checked out. The same commit gives the same
# bytes, whatever the time, the umask and the user are.

set -eu -o pipefail
cd "$(dirname "$0")/../.."
version=$1 tarball=$2

[ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ] || {
	echo 'dist: this is not a clone; a release is made of a commit' >&2
	exit 1
}
[ -z "$(git status --porcelain)" ] || echo 'dist: what is not committed is not in the tarball' >&2
mkdir -p "$(dirname "$tarball")"
git -c tar.umask=0022 archive --format=tar --prefix="chat-tools-$version/" HEAD | gzip -9n >"$tarball.new"
mv "$tarball.new" "$tarball"
