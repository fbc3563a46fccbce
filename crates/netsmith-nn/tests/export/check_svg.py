"""Checks every SVG of a folder: well-formed, all boxes inside and apart, all
lines from one box to another, and no reference to anything outside."""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"


def faults(path):
    root = xml.parse(path).getroot()
    _, _, width, height = map(float, root.get("viewBox").split())
    if root.findtext(f"{SVG}title") != path.stem or not root.findtext(f"{SVG}desc"):
        yield "title or description is missing"
    boxes = []
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("width") != "100%":
            x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
            boxes.append((x, y, x + w, y + h))
    for left, top, right, bottom in boxes:
        if left < 0 or top < 0 or right > width or bottom > height:
            yield "a box lies outside"
    for index, a in enumerate(boxes):
        for b in boxes[:index]:
            if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
                yield f"boxes {a} and {b} overlap"
    for line in root.iter(f"{SVG}path"):
        if line.get("marker-end"):
            numbers = [float(n) for n in re.findall(r"[\d.]+", line.get("d"))]
            x, y = numbers[:2]
            if not any(abs((b[0] + b[2]) / 2 - x) < 0.2 and abs(b[3] - y) < 0.2 for b in boxes):
                yield f"a line starts at {x}, {y}, where no box is"
            if not any(abs(b[1] - numbers[-1]) < 0.2 for b in boxes):
                yield f"a line ends at {numbers[-1]}, where no box is"
    for element in root.iter():
        for name, value in element.attrib.items():
            if "href" in name or "//" in value:
                yield f"{name} refers to {value}"


def main(folder):
    paths = sorted(pathlib.Path(folder).glob("*.svg"))
    failed = 0
    for path in paths:
        problems = list(faults(path))
        if problems:
            print(f"{path.name}: {problems[:5]}")
        failed += bool(problems)
    return failed > 0 or not paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
