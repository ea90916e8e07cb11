// printf-style formatting without floating point, for print() and for the files of /proc and /sys.
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

namespace {

class Output {
 public:
  Output(char* buffer, u32 size) : buffer_(buffer), size_(size) {}
  void put(char c) {
    if (length_ + 1 < size_) buffer_[length_] = c;
    ++length_;
  }
  void fill(char c, i32 count) {
    while (count-- > 0) put(c);
  }
  u32 finish() {
    if (size_ > 0) buffer_[length_ < size_ ? length_ : size_ - 1] = 0;
    return length_;
  }

 private:
  char* buffer_;
  u32 size_;
  u32 length_ = 0;
};

// One conversion: %[flags][width][.precision][length]type.
struct Spec {
  bool left = false, zero = false, plus = false, alternate = false;
  i32 width = 0;
  i32 precision = -1;
  u32 longs = 0;  // number of l; z and j count as their size
};

const char* parse_digits(const char* f, i32& number) {
  while (*f >= '0' && *f <= '9') number = number * 10 + (*f++ - '0');
  return f;
}

void put_text(Output& out, const Spec& s, StringView text) {
  const auto size = static_cast<i32>(text.size);
  if (!s.left) out.fill(' ', s.width - size);
  for (u32 i = 0; i < text.size; ++i) out.put(text[i]);
  if (s.left) out.fill(' ', s.width - size);
}

void put_number(Output& out, const Spec& s, u64 value, u32 radix, bool negative, const char* digits) {
  char reversed[24];
  i32 count = 0;
  while (value != 0) {
    // Division by a constant radix keeps 64-bit division helpers out of the kernel: two 32-bit halves a digit.
    const u32 high = static_cast<u32>(value >> 32);
    const u32 remainder_high = high % radix;
    u32 remainder;
    u32 quotient_low;
#if defined(__i386__)
    asm("divl %4"
        : "=a"(quotient_low), "=d"(remainder)
        : "a"(static_cast<u32>(value)), "d"(remainder_high), "r"(radix));
#else
    const u64 rest = (static_cast<u64>(remainder_high) << 32) | static_cast<u32>(value);
    quotient_low = static_cast<u32>(rest / radix);
    remainder = static_cast<u32>(rest % radix);
#endif
    value = (static_cast<u64>(high / radix) << 32) | quotient_low;
    reversed[count++] = digits[remainder];
  }
  const i32 minimum = s.precision >= 0 ? s.precision : 1;
  const i32 zeros = count < minimum ? minimum - count : 0;
  const char sign = negative ? '-' : (s.plus ? '+' : 0);
  const i32 prefix = (sign != 0 ? 1 : 0) + (s.alternate && radix == 16 ? 2 : 0);
  const i32 padding = s.width - count - zeros - prefix;
  const bool zero_padded = s.zero && !s.left && s.precision < 0;
  if (!s.left && !zero_padded) out.fill(' ', padding);
  if (sign != 0) out.put(sign);
  if (s.alternate && radix == 16) out.put('0'), out.put('x');
  if (zero_padded) out.fill('0', padding);
  out.fill('0', zeros);
  while (count > 0) out.put(reversed[--count]);
  if (s.left) out.fill(' ', padding);
}

}  // namespace

u32 format_list(char* buffer, u32 size, const char* format, va_list given) {
  va_list arguments;
  va_copy(arguments, given);
  Output out{buffer, size};
  for (const char* f = format; *f != 0; ++f) {
    if (*f != '%') {
      out.put(*f);
      continue;
    }
    ++f;
    Spec s;
    for (;; ++f) {
      if (*f == '-')
        s.left = true;
      else if (*f == '0')
        s.zero = true;
      else if (*f == '+')
        s.plus = true;
      else if (*f == '#')
        s.alternate = true;
      else
        break;
    }
    // A number, or '*' for one among the arguments.
    const auto number = [&](i32& n) {
      if (*f != '*')
        f = parse_digits(f, n);
      else
        n = va_arg(arguments, int), ++f;
    };
    number(s.width);
    if (*f == '.') {
      s.precision = 0;
      ++f;
      number(s.precision);
    }
    for (; *f == 'l' || *f == 'h' || *f == 'z'; ++f) s.longs += *f == 'l' ? 1 : 0;
    const auto unsigned_value = [&]() -> u64 {
      return s.longs >= 2 ? va_arg(arguments, unsigned long long) : va_arg(arguments, unsigned int);
    };
    switch (*f) {
      case 'd':
      case 'i': {
        const i64 v = s.longs >= 2 ? va_arg(arguments, long long) : va_arg(arguments, int);
        put_number(out, s, v < 0 ? u64{0} - static_cast<u64>(v) : static_cast<u64>(v), 10, v < 0, "0123456789");
        break;
      }
      case 'u': put_number(out, s, unsigned_value(), 10, false, "0123456789"); break;
      case 'o': put_number(out, s, unsigned_value(), 8, false, "01234567"); break;
      case 'x': put_number(out, s, unsigned_value(), 16, false, "0123456789abcdef"); break;
      case 'X': put_number(out, s, unsigned_value(), 16, false, "0123456789ABCDEF"); break;
      case 'p':
        s.zero = true, s.width = 8;
        put_number(out, s, reinterpret_cast<uintptr_t>(va_arg(arguments, void*)), 16, false, "0123456789abcdef");
        break;
      case 'c': {
        const char c = static_cast<char>(va_arg(arguments, int));
        put_text(out, s, {&c, 1});
        break;
      }
      case 's': {
        const char* text = va_arg(arguments, const char*);
        if (text == nullptr) text = "(null)";
        u32 length = 0;
        while ((s.precision < 0 || length < static_cast<u32>(s.precision)) && text[length] != 0) ++length;
        put_text(out, s, {text, length});
        break;
      }
      case '%': out.put('%'); break;
      case 0: --f; break;
      default: out.put('%'), out.put(*f); break;
    }
  }
  va_end(arguments);
  return out.finish();
}

u32 format_to(char* buffer, u32 size, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const u32 length = format_list(buffer, size, format, arguments);
  va_end(arguments);
  return length;
}

}  // namespace ido
