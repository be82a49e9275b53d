"""Run scripts of package.json with the Node that built the console: `run_npm.py types lint`.

Without Node this prints SKIPPED and succeeds, unless REQUIRE_CONSOLE=1.
"""

import os
import sys

from build_console import Node, Unbuildable, find_node, has_packages, installed_node


def main(scripts: list[str]) -> None:
    node = find_node() or installed_node()
    if node is None or not has_packages():
        skip(scripts)
    else:
        run(node, scripts)


def run(node: Node, scripts: list[str]) -> None:
    for name in scripts:
        try:
            node.run("run", "--silent", name)
        except Unbuildable as failure:
            sys.exit(f"run_npm: {failure}")
        print(f"npm run {name}: passed", flush=True)


def skip(scripts: list[str]) -> None:
    print(f"SKIPPED: npm run {', '.join(scripts)} — there is no Node on this machine, or its packages are missing")
    if os.environ.get("REQUIRE_CONSOLE") == "1":
        sys.exit("run_npm: REQUIRE_CONSOLE=1 is set")


if __name__ == "__main__":
    main(sys.argv[1:])
