// Text that is typed into the guest, on a US keyboard.
#pragma once

#include <string>

#include "monitor/monitor.hpp"

namespace paemu::monitor {

// Presses the keys one after the other, in virtual time. Errors: a character that the keyboard does not have, a text of
// more than 4096 characters, a replay; nothing is typed then.
Or<> type(Control& control, const std::string& text);

}  // namespace paemu::monitor
