// Offset  register (2.3.2)
//   000   GCAP_ID     period in femtoseconds, vendor, number of timers      constant
//   010   GEN_CONF    ENABLE_CNF, LEG_RT_CNF
//   020   GINTR_STA   Tn_INT_STS, write one to clear
//   0f0   MAIN_CNT    writable while it stands
//   100   T0_CONF, 108 T0_COMP; 120, 128 timer 1; 140, 148 timer 2
#include "dev/hpet.hpp"

#include "abi/acpi.hpp"
#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u64 kTicksPerCount = 10;  // 100 MHz
constexpr u64 kPeriodFs = kTicksPerCount * 1'000'000;

constexpr u32 kCapabilities = 0x000, kConfig = 0x010, kInterruptStatus = 0x020, kCounter = 0x0f0, kFirstTimer = 0x100,
              kTimerStride = 0x20, kComparatorOffset = 8;
constexpr u64 kCapabilityBits = kPeriodFs << 32 | abi::acpi::kHpetBlockId;
static_assert(((kCapabilityBits >> 8) & 0x1f) == Hpet::kTimers - 1);

// Tn_CONF (2.3.8).
constexpr u32 kLevelTriggered = 1u << 1, kInterruptEnable = 1u << 2, kPeriodic = 1u << 3, kPeriodicCapable = 1u << 4,
              kSize64 = 1u << 5, kSetValue = 1u << 6, k32BitMode = 1u << 8;
constexpr u32 kRouteShift = 9, kRouteBits = 5;
constexpr u32 kWritable =
    kLevelTriggered | kInterruptEnable | kPeriodic | kSetValue | k32BitMode | 0x1fu << kRouteShift;
constexpr u32 kRoutes = 0x00f00000;  // pins 20 to 23, as Intel's ICHs have them: nothing else uses them

constexpr u32 kLow32 = 0xffffffff;

constexpr bool can_be_periodic(u32 index) { return index == 0; }
// Does a match do more than move the comparator (2.3.8, Tn_INT_ENB_CNF; 2.3.5, Tn_INT_STS)?
constexpr bool can_be_noticed(const Hpet::Timer& timer) { return timer.config & (kInterruptEnable | kLevelTriggered); }

}  // namespace

Hpet::Hpet(EventQueue& events, const VirtualClock& clock) : events_(events), clock_(clock) {
  for (u32 i = 0; i < kTimers; ++i) match_[i] = events.add("hpet.timer" + std::to_string(i), *this, i);
  reset();
}

void Hpet::reset() {
  state_ = State{};
  for (u32 i = 0; i < kTimers; ++i) {
    state_.timer[i].comparator = ~u64{0};
    events_.disarm(match_[i]);
  }
}

u64 Hpet::counter() const {
  if (!(state_.config & kEnable)) return state_.counter;
  return state_.counter + (clock_.now() - state_.since) / kTicksPerCount;
}

// --- Registers.

u64 Hpet::read_register(u32 offset) const {
  switch (offset) {
    case kCapabilities: return kCapabilityBits;
    case kConfig: return state_.config;
    case kInterruptStatus: return state_.interrupts;
    case kCounter: return counter();
    default: break;
  }
  const u32 index = (offset - kFirstTimer) / kTimerStride;
  if (offset < kFirstTimer || index >= kTimers) return 0;
  const Timer& timer = state_.timer[index];
  switch (offset % kTimerStride) {
    case 0: return u64{kRoutes} << 32 | timer.config | kSize64 | (can_be_periodic(index) ? kPeriodicCapable : 0);
    case kComparatorOffset: return timer.comparator;
    default: return 0;
  }
}

void Hpet::write_register(u32 offset, u64 value, u64 mask) {
  const u64 merged = (read_register(offset) & ~mask) | (value & mask);
  if (offset == kConfig) return write_config(static_cast<u32>(merged));
  if (offset == kInterruptStatus) {
    const u32 cleared = state_.interrupts & static_cast<u32>(value & mask);
    state_.interrupts &= ~cleared;
    for (u32 i = 0; i < kTimers; ++i) {
      if (cleared & bit<u32>(i)) drive(i, false);
    }
    return;
  }
  if (offset == kCounter) {
    if (state_.config & kEnable) return;  // 2.3.7: only while it stands
    state_.counter = merged;
    return;
  }
  const u32 index = (offset - kFirstTimer) / kTimerStride;
  if (offset < kFirstTimer || index >= kTimers) return;
  if (offset % kTimerStride == 0) write_timer_config(index, static_cast<u32>(merged));
  if (offset % kTimerStride == kComparatorOffset) write_comparator(index, value, mask);
}

void Hpet::write_config(u32 value) {
  state_.counter = counter();
  state_.since = clock_.now();
  for (u32 i = 0; i < kTimers; ++i) drive(i, false);
  state_.config = value & kBoth;
  for (u32 i = 0; i < kTimers; ++i) {
    // The lines may be others now: what the 8254 or the MC146818 left on them goes, too.
    drive(i, (state_.interrupts & bit<u32>(i)) != 0);
    schedule(i);
  }
}

void Hpet::write_timer_config(u32 index, u32 value) {
  Timer& timer = state_.timer[index];
  drive(index, false);
  timer.config = value & kWritable;
  if (!can_be_periodic(index)) timer.config &= ~(kPeriodic | kSetValue);
  const u32 route = bits<u32>(timer.config, kRouteShift, kRouteBits);
  // A route that the timer can't take is not kept (2.3.8, Tn_INT_ROUTE_CNF).
  if (!(kRoutes & bit<u32>(route))) timer.config &= ~(0x1fu << kRouteShift);
  if (timer.config & k32BitMode) {
    timer.comparator &= kLow32;
    timer.period &= kLow32;
  }
  if (!(timer.config & kLevelTriggered)) state_.interrupts &= ~bit<u32>(index);
  if (state_.interrupts & bit<u32>(index)) drive(index, true);
  schedule(index);
}

// 2.3.9.2.2: in periodic mode a write is the period; with Tn_VAL_SET_CNF it sets the comparator itself, once.
void Hpet::write_comparator(u32 index, u64 value, u64 mask) {
  Timer& timer = state_.timer[index];
  const bool periodic = timer.config & kPeriodic;
  const u64 width = (timer.config & k32BitMode) ? kLow32 : ~u64{0};
  const auto merge = [&](u64 old) { return ((old & ~mask) | (value & mask)) & width; };
  if (!periodic || (timer.config & kSetValue)) timer.comparator = merge(timer.comparator);
  if (periodic) timer.period = merge(timer.period);
  timer.config &= ~kSetValue;
  schedule(index);
}

// --- Time.

// A timer matches when the counter comes to be equal to its comparator: after a whole turn if it is equal now.
void Hpet::schedule(u32 index) {
  Timer& timer = state_.timer[index];
  timer.unseen = kNever;
  events_.disarm(match_[index]);
  if (!(state_.config & kEnable)) return;
  const bool narrow = timer.config & k32BitMode;
  u64 distance = timer.comparator - counter();
  if (narrow) distance &= kLow32;
  if (distance == 0) distance = narrow ? u64{1} << 32 : ~u64{0};
  const u64 counted = (clock_.now() - state_.since) / kTicksPerCount;
  if (distance > kNever.value / kTicksPerCount / 2 - counted) return;
  const Ticks match = state_.since + (counted + distance) * kTicksPerCount;
  if (can_be_noticed(timer))
    events_.arm(match_[index], match);
  else
    timer.unseen = match;
}

// Moves the comparators on by the matches that no event told of.
void Hpet::catch_up() {
  const Ticks now = clock_.now();
  for (Timer& timer : state_.timer) {
    if (timer.unseen > now) continue;
    const u64 since = (now - timer.unseen) / kTicksPerCount;
    timer.unseen = kNever;
    if (!(timer.config & kPeriodic) || timer.period == 0) continue;
    const u64 matches = since / timer.period + 1;
    timer.comparator += matches * timer.period;
    if (timer.config & k32BitMode) timer.comparator &= kLow32;
    schedule(static_cast<u32>(&timer - state_.timer));
  }
}

void Hpet::on_event(u32 index, Ticks) {
  Timer& timer = state_.timer[index];
  if ((timer.config & kPeriodic) && timer.period != 0) {
    timer.comparator += timer.period;
    if (timer.config & k32BitMode) timer.comparator &= kLow32;
  }
  if (timer.config & kLevelTriggered) {
    state_.interrupts |= bit<u32>(index);
    drive(index, true);
  } else {
    drive(index, true);
    drive(index, false);
  }
  schedule(index);
}

void Hpet::drive(u32 index, bool level) {
  const Timer& timer = state_.timer[index];
  level = level && (timer.config & kInterruptEnable) && (state_.config & kEnable);
  if (line_level(0) && index < 2) return (index == 0 ? legacy_timer : legacy_rtc).set(level);
  const u32 route = bits<u32>(timer.config, kRouteShift, kRouteBits);
  if (routes_ != nullptr && (kRoutes & bit<u32>(route))) routes_->set_line(route, level);
}

// --- Accesses.

u64 Hpet::io_read(u64 offset, u32 size) {
  if ((size != 4 && size != 8) || offset % size != 0) return ~u64{0};
  catch_up();
  const u64 value = read_register(static_cast<u32>(offset & ~u64{7}));
  return size == 8 ? value : static_cast<u32>(value >> (8 * (offset & 4)));
}

void Hpet::io_write(u64 offset, u32 size, u64 value) {
  if ((size != 4 && size != 8) || offset % size != 0) return;
  catch_up();
  const u32 shift = 8 * (offset & 4);
  const u64 mask = size == 8 ? ~u64{0} : u64{kLow32} << shift;
  write_register(static_cast<u32>(offset & ~u64{7}), value << shift, mask);
}

}  // namespace paemu
