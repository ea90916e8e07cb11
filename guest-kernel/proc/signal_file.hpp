// signalfd(2): signals are read from a file instead of interrupting. What is there is the reader's own: its pending
// signals among the file's set.
#pragma once

#include "fs/file.hpp"
#include "proc/signal.hpp"

namespace ido {

Or<Ref<fs::File>> make_signal_file(SignalSet set, u32 open_flags);
// Another set for a file that is there. Errno::kInval: it is no such file.
Or<> set_signal_file(fs::File& file, SignalSet set);

// Says that some task has got a signal; signal.cpp calls it, in interrupt handlers too.
void notify_signal_files();

}  // namespace ido
