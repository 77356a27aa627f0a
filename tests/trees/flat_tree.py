# SPDX-License-Identifier: GPL-2.0-only
"""As much of a flat device tree as says where memory is, what is reserved, and which CPUs are
there; read without any help of the tool, and written with memory filled in."""

import struct


class FlatTree:
    """The nodes of a tree as {path: {name: value}}."""

    def __init__(self, blob):
        self.nodes = {}
        _, _, at, strings, reserved = struct.unpack_from(">5I", blob)
        self.entries = []
        while True:
            start, size = struct.unpack_from(">QQ", blob, reserved)
            if (start, size) == (0, 0):
                break
            self.entries.append((start, start + size))
            reserved += 16
        path = []
        while True:
            token, = struct.unpack_from(">I", blob, at)
            at += 4
            if token == 1:
                name = blob[at:blob.index(b"\0", at)].decode()
                at += (len(name) + 4) & ~3
                path.append(name)
                self.nodes["/".join(path) or "/"] = {}
            elif token == 2:
                path.pop()
            elif token == 3:
                size, where = struct.unpack_from(">II", blob, at)
                name = blob[strings + where:blob.index(b"\0", strings + where)].decode()
                self.nodes["/".join(path) or "/"][name] = blob[at + 8:at + 8 + size]
                at += 8 + ((size + 3) & ~3)
            elif token == 9:
                break

    def _cells(self):
        root = self.nodes["/"]
        return [int.from_bytes(root.get(name, b"\0\0\0\1"), "big")
                for name in ("#address-cells", "#size-cells")]

    def ranges(self, node):
        """The "reg" of a child of the root, or of /reserved-memory."""
        address, size = self._cells()
        value = self.nodes[node].get("reg", b"")
        each = 4 * (address + size)
        for at in range(0, len(value) - each + 1, each):
            start = int.from_bytes(value[at:at + 4 * address], "big")
            yield start, start + int.from_bytes(value[at + 4 * address:at + each], "big")

    def _in_use(self, node):
        return self.nodes[node].get("status", b"okay\0") in (b"okay\0", b"ok\0")

    def memory_nodes(self):
        return [path for path, node in self.nodes.items() if path.count("/") == 1
                and node.get("device_type") == b"memory\0" and self._in_use(path)]

    def memory(self):
        """[(start, end)] of what the memory nodes list."""
        return sorted(span for path in self.memory_nodes() for span in self.ranges(path)
                      if span[1] > span[0])

    def reserved(self):
        """[(start, end)] of both kinds of reservations that have a place."""
        parent = self.nodes.get("/reserved-memory", {})
        cells = [int.from_bytes(parent.get(name, b""), "big")
                 for name in ("#address-cells", "#size-cells")]
        found = list(self.entries)
        if cells == self._cells() and "ranges" in parent:
            for path in self.nodes:
                if path.startswith("/reserved-memory/") and path.count("/") == 2 \
                        and self._in_use(path):
                    found += self.ranges(path)
        return sorted(span for span in found if span[1] > span[0])

    def cpus(self):
        return [path for path, node in self.nodes.items() if path.startswith("/cpus/")
                and path.count("/") == 2 and node.get("device_type") == b"cpu\0"]

    def fits(self, *numbers):
        """Can the root's cells hold them?"""
        return all(number < 1 << 32 * min(self._cells()) for number in numbers)

    def with_memory(self, start, end):
        """The blob with one memory node, at the end of the root, as firmware fills it in."""
        address, size = self._cells()
        for path in self.memory_nodes():
            del self.nodes[path]
        self.nodes[f"/memory@{start:x}"] = {
            "device_type": b"memory\0",
            "reg": start.to_bytes(4 * address, "big") + (end - start).to_bytes(4 * size, "big")}
        return self._blob()

    def _blob(self):
        strings, offsets, body = b"", {}, b""
        open_path = []
        for path, node in self.nodes.items():
            steps = [""] + ([] if path == "/" else path[1:].split("/"))
            while len(open_path) >= len(steps):
                open_path.pop()
                body += struct.pack(">I", 2)
            open_path.append(steps[-1])
            body += struct.pack(">I", 1) + _padded(steps[-1].encode() + b"\0")
            for name, value in node.items():
                if name not in offsets:
                    offsets[name] = len(strings)
                    strings += name.encode() + b"\0"
                body += struct.pack(">III", 3, len(value), offsets[name]) + _padded(value)
        body += struct.pack(">I", 2) * len(open_path) + struct.pack(">I", 9)
        entries = b"".join(struct.pack(">QQ", a, b - a) for a, b in self.entries) + bytes(16)
        at = 40 + len(entries)
        return struct.pack(">10I", 0xd00dfeed, at + len(body) + len(strings), at, at + len(body),
                           40, 17, 16, 0, len(strings), len(body)) + entries + body + strings


def _padded(value):
    return value + bytes(-len(value) % 4)
