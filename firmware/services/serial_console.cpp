// INT 10h without a video ROM: text goes to COM1 with the ANSI (ECMA-48) sequences that any terminal knows, and the
// terminal's keys come to INT 16h. The screen's contents are not kept.
#include "services/serial_console.hpp"

#include "services/bda.hpp"
#include "services/entry.hpp"
#include "services/keyboard.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u32 kPort = 0x3f8, kLineStatus = kPort + 5;
constexpr u8 kReceived = 0x01, kTransmitEmpty = 0x20;
constexpr u8 kColumns = 80, kRows = 25;
constexpr u8 kTextMode = 3, kNormal = 0x07;

// Where the terminal's own cursor is, and its colours, if we know.
u8 terminal_column, terminal_row;
u8 terminal_attribute;  // exclusive or kNormal
u8 escape_length;   // of a sequence that a key began: how much has come
u8 escape_last;

u8 column() { return bda8(bda::kCursor); }
u8 row() { return bda8(bda::kCursor + 1); }
void set_cursor(u8 r, u8 c) {
  set_bda8(bda::kCursor, c);
  set_bda8(bda::kCursor + 1, r);
}

void put_number(u32 n) {
  if (n >= 10) put_number(n / 10);
  serial_put(static_cast<u8>('0' + n % 10));
}

void put_sequence(u32 first, u32 second, u8 final_byte) {
  serial_put("\033[");
  put_number(first);
  serial_put(u8{';'});
  put_number(second);
  serial_put(final_byte);
}

void move_terminal() {
  if (terminal_row == row() && terminal_column == column()) return;
  put_sequence(row() + 1u, column() + 1u, 'H');
  terminal_row = row();
  terminal_column = column();
}

void set_attribute(u8 attribute) {
  if (attribute == (terminal_attribute ^ kNormal)) return;
  terminal_attribute = attribute ^ kNormal;
  constexpr u8 kAnsi[] = {0, 4, 2, 6, 1, 5, 3, 7};  // the adapter's blue is bit 0, the terminal's red
  serial_put(attribute & 0x08 ? "\033[0;1" : "\033[0");
  if ((attribute & 0x77) != kNormal) {
    serial_put(u8{';'});
    put_number(30u + kAnsi[attribute & 7]);
    serial_put(u8{';'});
    put_number(40u + kAnsi[attribute >> 4 & 7]);
  }
  serial_put(u8{'m'});
}

void clear() {
  set_attribute(kNormal);
  serial_put("\033[2J\033[1;1H");
  terminal_row = terminal_column = 0;
}

// A character as it is shown: control codes are pictures in the adapter's font, lines are drawn in ASCII.
u8 printable(u8 c) {
  if (c >= 0x20 && c < 0x7f) return c;
  if (c == 0xb3 || c == 0xba) return '|';
  if (c == 0xc4 || c == 0xcd) return '-';
  if (c >= 0xb4 && c <= 0xda) return '+';
  switch (c) {
    case 0x00: return ' ';
    case 0x10: case 0x1a: return '>';
    case 0x11: case 0x1b: return '<';
    case 0x18: case 0x1e: return '^';
    case 0x19: case 0x1f: return 'v';
    case 0xdb: return '#';
    case 0xff: return ' ';
    default: return '.';
  }
}

void draw(u8 c, u8 attribute) {
  move_terminal();
  set_attribute(attribute);
  serial_put(printable(c));
  if (terminal_column < kColumns - 1) ++terminal_column;
}

// As a teletype does it: the cursor advances, and the screen scrolls at its end.
void teletype(u8 c, u8 attribute) {
  u8 r = row(), col = column();
  switch (c) {
    case '\a': return serial_put(c);
    case '\b': if (col > 0) --col; break;
    case '\r': col = 0; break;
    case '\n': ++r; break;
    default:
      draw(c, attribute);
      if (++col == kColumns) col = 0, ++r;
  }
  if (r >= kRows) r = kRows - 1;
  if (c == '\r' || c == '\n') {  // the terminal does the same
    move_terminal();
    serial_put(c);
  } else if (c == '\b' && terminal_column > 0 && terminal_column == column()) {
    serial_put(c);
  }
  set_cursor(r, col);
  terminal_row = r;
  terminal_column = col;
}

void write_string(Frame& f) {
  const bool with_attributes = f.a.l & 2, moves = f.a.l & 1;
  const u8 old_row = row(), old_column = column();
  set_cursor(f.d.h, f.d.l);
  u16 at = f.bp();
  for (u32 left = f.c.x; left > 0; --left) {
    const u8 c = far_read8(f.es, at++);
    teletype(c, with_attributes ? far_read8(f.es, at++) : f.b.l);
  }
  if (!moves) set_cursor(old_row, old_column);
}

void scroll(Frame& f) {
  const bool whole = f.c.x == 0 && f.d.h >= kRows - 1 && f.d.l >= kColumns - 1;
  if (whole && (f.a.l == 0 || f.a.l >= kRows)) return clear();
  if (whole && f.a.h == 0x06) {
    set_attribute(f.b.h);
    put_sequence(kRows, 1, 'H');
    for (u32 i = 0; i < f.a.l; ++i) serial_put(u8{'\n'});
    terminal_row = kRows - 1, terminal_column = 0;
    return;
  }
  if (f.a.l != 0) return;  // parts can't be scrolled without the screen's contents, only blanked
  const u8 old_row = row(), old_column = column();
  for (u32 r = f.c.h; r <= f.d.h && r < kRows; ++r) {
    set_cursor(static_cast<u8>(r), f.c.l);
    for (u32 c = f.c.l; c <= f.d.l && c < kColumns; ++c) {
      draw(' ', f.b.h);
      set_cursor(static_cast<u8>(r), static_cast<u8>(c + 1));
    }
  }
  set_cursor(old_row, old_column);
}

void set_mode() {
  set_bda8(bda::kVideoMode, kTextMode);
  set_bda16(bda::kColumns, kColumns);
  set_bda16(bda::kPageSize, 0x1000);
  set_bda8(bda::kRows, kRows - 1);
  set_bda8(bda::kPage, 0);
  set_bda16(bda::kCursorShape, 0x0607);
  set_cursor(0, 0);
  clear();
}

// Arrow keys and their like: ESC [ A and so on.
u16 sequence_key(u8 last) {
  switch (last) {
    case 'A': return 0x48e0;
    case 'B': return 0x50e0;
    case 'C': return 0x4de0;
    case 'D': return 0x4be0;
    case 'H': return 0x47e0;
    case 'F': return 0x4fe0;
    default: return kNoKey;
  }
}

u16 numbered_key(u8 digit) {
  switch (digit) {
    case '1': case '7': return 0x47e0;
    case '2': return 0x52e0;
    case '3': return 0x53e0;
    case '4': case '8': return 0x4fe0;
    case '5': return 0x49e0;
    case '6': return 0x51e0;
    default: return kNoKey;
  }
}

// The scan code that goes with a character on the PC's keyboard; 0: none that we need.
u16 plain_key(u8 c) {
  if (c == 0x7f) c = '\b';
  if (c == '\n') c = '\r';
  for (u32 scan = 1; scan <= 0x39; ++scan) {
    constexpr u8 kShifts[] = {0, 1, 4};  // none, Shift, Ctrl
    for (u8 shift : kShifts) {
      const u16 key = translate_key(static_cast<u8>(scan), false, shift);
      if (key != kNoKey && (key & 0xff) == c && c != 0) return key;
    }
  }
  return c;
}

void receive(u8 c) {
  if (escape_length == 1 && (c == '[' || c == 'O')) {
    escape_length = 2;
    return;
  }
  if (escape_length == 1) {
    store_key(0x011b);
    escape_length = 0;
  }
  if (escape_length == 2) {
    if (c >= '0' && c <= '9') {
      escape_last = c;
      return;
    }
    const u16 key = c == '~' ? numbered_key(escape_last) : sequence_key(c);
    escape_length = 0;
    if (key != kNoKey) store_key(key);
    return;
  }
  if (c == 0x1b) {
    escape_length = 1;
    return;
  }
  store_key(plain_key(c));
}

}  // namespace

void serial_put(u8 byte) {
  // A missing or stuck UART must not stop anybody.
  for (u32 patience = 100'000; patience > 0 && !(in8(kLineStatus) & kTransmitEmpty); --patience) {
  }
  out8(kPort, byte);
}

void serial_put(const char* text) {
  for (; *text != '\0'; ++text) serial_put(static_cast<u8>(*text));
}

void poll_serial_keys() {
  const u8 none = 0xff;  // no UART
  bool came = false;
  for (u32 i = 0; i < 16; ++i) {
    const u8 status = in8(kLineStatus);
    if (status == none || !(status & kReceived)) break;
    receive(in8(kPort));
    came = true;
  }
  // An Esc by itself is the key; the rest of a sequence would have come at once.
  if (!came && escape_length == 1) {
    escape_length = 0;
    store_key(0x011b);
  }
}

extern "C" void int10(Frame& f) {
  if (runtime.serial_console == 0) return;
  switch (f.a.h) {
    case 0x00:
      set_mode();
      f.a.l = 0x30;
      return;
    case 0x02:
      set_cursor(f.d.h < kRows ? f.d.h : kRows - 1, f.d.l < kColumns ? f.d.l : kColumns - 1);
      return move_terminal();
    case 0x03:
      f.d.l = column(), f.d.h = row();
      f.c.x = bda16(bda::kCursorShape);
      return;
    case 0x06:
    case 0x07: return scroll(f);
    case 0x08: f.a.x = kNormal << 8 | ' '; return;
    case 0x09:
    case 0x0a: {
      const u8 r = row(), c = column();
      const u32 most = static_cast<u32>(kRows - r) * kColumns - c;
      for (u32 i = 0; i < f.c.x && i < most; ++i) {
        draw(f.a.l, f.a.h == 0x09 ? f.b.l : terminal_attribute ^ kNormal);
        set_cursor(static_cast<u8>(r + (c + i + 1) / kColumns), static_cast<u8>((c + i + 1) % kColumns));
      }
      return set_cursor(r, c);
    }
    case 0x0e: return teletype(f.a.l, kNormal);
    case 0x0f:
      f.a.h = kColumns, f.a.l = kTextMode, f.b.h = 0;
      return;
    case 0x13: return write_string(f);
    default: return;
  }
}

}  // namespace services
