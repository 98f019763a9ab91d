"""Shows the folders of a mailbox as a tree with what they hold, and any item by its number: the second time at once.

    python folders.py outlook.pst 1:42
"""

import pathlib
import sys

import mailferry


def show(folder: mailferry.Folder, depth: int = 0) -> None:
    role = f" ({folder.role})" if folder.role else ""
    print(f"{'  ' * depth}{folder.name}{role}: {folder.items} items, {folder.total} with those below")
    for child in folder.children:
        show(child, depth + 1)


def opened(source: pathlib.Path) -> mailferry.Mailbox:
    index = source.with_name(source.name + ".index")
    if index.exists():
        try:
            return mailferry.open(source, index=index)
        except mailferry.OptionsError as changed:
            print(changed, file=sys.stderr)
    box = mailferry.open(source)
    print(f"{box.save_index(index)} items noted in {index.name}")
    return box


def main(source: pathlib.Path, number: str) -> None:
    box = opened(source)
    for folder in box.folders:
        show(folder)
    item = box[number]
    print(f"{item.id} of {len(box)}, in {item.folder}: {item.subject}")
    for name, value in item.headers.items():
        print(f"    {name}: {value}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
