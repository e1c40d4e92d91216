#!/usr/bin/env bash
# The built wheel, installed alone in a fresh environment, hardens a prototype without the checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_STATE_HOME="$scratch/state"
.venv/bin/python -m build --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 || { cat "$scratch/build.log"; exit 1; }
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --constraint constraints.txt "$scratch"/dist/*.whl
names=$("$scratch/venv/bin/python" -m zipfile --list "$scratch"/dist/*.whl | awk '{print $1}' | cut -d/ -f1 | sort -u | grep -v -e File -e dist-info | tr '\n' ' ')
[ "$names" = "buttress " ] || { echo "the wheel puts '$names' into site-packages"; exit 1; }
cp -r tests/prototypes/notes "$scratch/notes"
cd "$scratch"
"$scratch/venv/bin/buttress" harden notes --all --yes >"$scratch/harden.log" || { cat "$scratch/harden.log"; exit 1; }
"$scratch/venv/bin/buttress" new fresh --yes >"$scratch/new.log" || { cat "$scratch/new.log"; exit 1; }
"$scratch/venv/bin/buttress" undo notes >/dev/null
"$scratch/venv/bin/buttress" inspect notes --report html=notes.html >/dev/null && grep -q "</html>" notes.html && rm notes.html
diff -r "$OLDPWD/tests/prototypes/notes" notes
echo "the wheel works by itself"
