#!/bin/bash
# usage: commit.sh "message" patchfile(or -) files...
# commits whole files and, from the patch, hunks of shared files, leaving everybody's work tree and staged things alone
set -e
cd /work/main
msg="$1"; patch="$2"; shift 2
for try in 1 2 3; do
  head=$(git rev-parse HEAD)
  export GIT_INDEX_FILE=/tmp/mine/index
  git read-tree $head
  [ $# -gt 0 ] && git add -A -- "$@"
  [ "$patch" != "-" ] && git apply --cached --recount "$patch"
  tree=$(git write-tree)
  commit=$(git commit-tree $tree -p $head -m "$msg")
  unset GIT_INDEX_FILE
  if git update-ref -m "commit" refs/heads/main $commit $head; then break; fi
done
# bring the shared index up to what was committed, for these paths only
[ $# -gt 0 ] && git add -A -- "$@" || true
[ "$patch" != "-" ] && git apply --cached --recount "$patch" || true
git log --oneline -1; git show --stat HEAD | tail -15
