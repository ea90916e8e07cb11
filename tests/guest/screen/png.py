"""Read pictures of a guest's screen: PNG files as they are, and the text on them."""
import re
import struct
import zlib


def read_png(path):
    """(width, height, rows of RGB bytes) of an 8-bit RGB PNG without interlace (ISO 15948)."""
    with open(path, "rb") as stream:
        data = stream.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", data, at + 8)
            assert (depth, colour) == (8, 2), f"{path} is not of 8-bit RGB"
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, rows, above = zlib.decompress(packed), [], bytes(width * 3)
    for y in range(height):
        begin = y * (width * 3 + 1)
        above = unfilter(raw[begin], raw[begin + 1:begin + 1 + width * 3], above)
        rows.append(above)
    return width, height, rows


def unfilter(kind, line, above):
    """One row of bytes from its filtered form (9.2)."""
    if kind == 0:
        return bytes(line)
    if kind == 2:
        return bytes((a + b) & 0xff for a, b in zip(line, above))
    out = bytearray(line)
    for i, value in enumerate(line):
        left, up, corner = (out[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            by_left, by_up, by_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = left if by_left <= by_up and by_left <= by_corner else up if by_up <= by_corner else corner
        out[i] = (value + guess) & 0xff
    return bytes(out)


def checksum(picture):
    """One number for the pixels."""
    return zlib.crc32(b"".join(picture[2]))


def read_font(path, height):
    """{rows of a glyph: character} of a font in the assembly that tools/vga-fonts writes; ASCII only."""
    with open(path, encoding="ascii") as stream:
        part = stream.read().split(f"vga_font_8x{height}:", 1)[1]
    lines = re.findall(r"\.byte +([0-9a-fx, ]+)", part)[:256]
    glyphs = [tuple(int(byte, 16) for byte in line.split(",")) for line in lines]
    return {glyphs[code]: chr(code) for code in range(126, 31, -1)}


def read_text(picture, font, cell_width, cell_height):
    """The text on a screen: a line for each row; characters that the font does not have are '?'."""
    width, height, rows = picture
    lines = []
    for top in range(0, height - cell_height + 1, cell_height):
        line = ""
        for left in range(0, width - cell_width + 1, cell_width):
            cell = [[rows[top + y][3 * (left + x):3 * (left + x) + 3] for x in range(8)] for y in range(cell_height)]
            back = cell[0][0]
            glyph = tuple(sum(0x80 >> x for x in range(8) if row[x] != back) for row in cell)
            line += font.get(glyph, "?")
        lines.append(line.rstrip())
    return "\n".join(lines)
