// Process 1: a kernel thread that makes the root file system, opens the console and becomes /init.
#include "arch/boot_info.hpp"
#include "arch/stack.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"
#include "proc/process.hpp"

namespace ido {

namespace {

// Descriptors 0, 1 and 2.
Or<> open_console(Process& process) {
  Ref<fs::File> console = TRY(fs::open(process.directory, "/dev/console", fs::open_flag::kReadWrite, 0));
  for (u32 i = 0; i < 3; ++i) TRY(process.files->put(i, console, false));
  return {};
}

void run_init(void* prepare) {
  reinterpret_cast<void (*)()>(prepare)();
  Process& process = current_process();
  process.files = Ref<fs::FileTable>{new (std::nothrow) fs::FileTable};
  process.directory = process.root = fs::root();
  if (auto opened = open_console(process); !opened)
    print("init: can't open /dev/console, error %d\n", static_cast<i32>(opened.error()));

  StringView wanted;
  Text path;
  if (command_line_value(boot_info.command_line, "init", wanted))
    path.add(wanted);
  else
    path.add("/init");
  path.add(StringView{"\0", 1});
  const char* program = path.view().data;
  const char* const arguments[] = {program, nullptr};
  const char* const environment[] = {"HOME=/", "TERM=linux", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", nullptr};
  TrapFrame& frame = current()->user_frame();
  if (auto started = execute_first(program, arguments, environment, frame); !started)
    panic("can't run %s as init, error %d; give one with init=PATH", program, static_cast<i32>(started.error()));
  path = Text{};
  enter_user(&frame);
}

}  // namespace

void start_init(void (*prepare)()) {
  auto thread = start_kernel_thread("init", run_init, reinterpret_cast<void*>(prepare));
  if (!thread) panic("no memory to start init");
  Process& process = *thread.value()->process;
  KASSERT(process.pid == 1);
  process.group = process.session = 1;
}

}  // namespace ido
