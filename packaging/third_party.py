#!/usr/bin/env python3
"""THIRD-PARTY.md: the licences of everything that is in the binary, in full.

`third_party.py > THIRD-PARTY.md` asks cargo which crates are linked on Linux, and copies the licence
files that each of them brings. A text that several crates share stands once.
"""

import json
import pathlib
import subprocess
import sys

TARGET = "x86_64-unknown-linux-gnu"
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
# Licences of data within crates, which the crates' own metadata do not name.
WITHIN = {"notosans": ["fonts/LICENSE_OFL.txt"]}


def linked_crates():
    """The crates that the binary is linked from, without what only builds or tests it."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    linked, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node in linked:
            continue
        linked.add(node)
        for dependency in nodes[node]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if None in kinds:
                waiting.append(dependency["pkg"])
    linked.remove(root)
    return sorted((packages[it] for it in linked), key=lambda it: (it["name"], it["version"]))


def licence_files(package):
    """The licence texts that a crate brings."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [path for path in sorted(folder.iterdir()) if path.name.upper().startswith(NAMES) and path.is_file()]
    files += [folder / name for name in WITHIN.get(package["name"], [])]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]


def main():
    crates = linked_crates()
    by_text, without = {}, []
    for package in crates:
        texts = licence_files(package)
        if not texts:
            without.append(package)
        for text in texts:
            by_text.setdefault(text, []).append(package)
    print("# Third-party notices\n")
    print("The `bks` binary contains the crates below, and the font Noto Sans under the SIL Open Font License 1.1.\n")
    print("| crate | version | licence | authors |\n|---|---|---|---|")
    for package in crates:
        authors = ", ".join(author.split(" <")[0] for author in package["authors"]) or "see its licence"
        print(f"| {package['name']} | {package['version']} | {package['license']} | {authors} |")
    if without:
        names = ", ".join(f"{it['name']} ({it['license']})" for it in without)
        print(f"\nThese bring no text of their own; their licences are among those below: {names}.")
    for text, packages in sorted(by_text.items(), key=lambda it: -len(it[1])):
        names = ", ".join(sorted({it["name"] for it in packages}))
        print(f"\n## {names}\n\n```text\n{text}\n```")
    return 0


if __name__ == "__main__":
    sys.exit(main())
