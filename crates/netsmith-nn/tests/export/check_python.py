"""Compiles every Python file of a folder and looks for names without meaning."""

import ast
import builtins
import pathlib
import sys


def unknown_names(tree):
    known = set(dir(builtins)) | {"__file__", "__name__"}
    used = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name):
                known.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                known.add(name)
            case ast.alias(name=name, asname=other):
                known.add(other or name)
    return used - known


def main(folder):
    paths = sorted(pathlib.Path(folder).glob("*.py"))
    failed = 0
    for path in paths:
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            compile(tree, path.name, "exec")
            problems = sorted(unknown_names(tree))
        except SyntaxError as error:
            problems = [error]
        if problems:
            print(f"{path.name}: {problems}")
        failed += bool(problems)
    return failed > 0 or not paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
