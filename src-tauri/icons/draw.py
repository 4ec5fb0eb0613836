"""Draws the icons: one track that a switch leads onto another. Run in this folder: python3 draw.py"""
import math, struct, zlib

BACK, TRACK, LEVER = (27, 33, 44), (226, 232, 240), (94, 196, 170)


def segment(px, py, ax, ay, bx, by):
    dx, dy = bx - ax, by - ay
    t = max(0.0, min(1.0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)))
    return math.hypot(px - ax - t * dx, py - ay - t * dy)


def bend(px, py):
    """A smooth S from the lower left rail up to the upper right one."""
    points = [(0.20 + 0.60 * i / 40, 0.68 - 0.36 * (lambda s: s * s * (3 - 2 * s))(i / 40)) for i in range(41)]
    return min(segment(px, py, *a, *b) for a, b in zip(points, points[1:]))


def box(px, py, half, radius):
    qx, qy = abs(px - 0.5) - half + radius, abs(py - 0.5) - half + radius
    return math.hypot(max(qx, 0), max(qy, 0)) + min(max(qx, qy), 0) - radius


def draw(size):
    rows, soft = bytearray(), 0.75 / size
    cover = lambda d: max(0.0, min(1.0, 0.5 - d / (2 * soft)))
    for y in range(size):
        rows.append(0)
        for x in range(size):
            px, py = (x + 0.5) / size, (y + 0.5) / size
            alpha = cover(box(px, py, 0.46, 0.11))
            colour = BACK
            layers = [
                (segment(px, py, 0.20, 0.68, 0.80, 0.68) - 0.036, tuple(c * 0.55 + b * 0.45 for c, b in zip(TRACK, BACK))),
                (bend(px, py) - 0.085, BACK),
                (bend(px, py) - 0.042, LEVER),
                (math.hypot(px - 0.20, py - 0.68) - 0.078, TRACK),
                (math.hypot(px - 0.80, py - 0.32) - 0.078, LEVER),
            ]
            for distance, paint in layers:
                c = cover(distance)
                colour = tuple(p * c + q * (1 - c) for p, q in zip(paint, colour))
            rows += bytes([*(round(c) for c in colour), round(alpha * 255)])
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")


for name, size in [("32x32", 32), ("128x128", 128), ("128x128@2x", 256), ("icon", 512)]:
    open(f"{name}.png", "wb").write(draw(size))
sizes = [16, 32, 48, 256]
images = [draw(size) for size in sizes]
entries, offset = b"", 6 + 16 * len(sizes)
for size, image in zip(sizes, images):
    entries += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(image), offset)
    offset += len(image)
open("icon.ico", "wb").write(struct.pack("<HHH", 0, 1, len(sizes)) + entries + b"".join(images))
