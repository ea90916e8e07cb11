// Errno: why a kernel operation failed, with Linux's i386 numbers (asm-generic/errno-base.h, errno.h), and the kernel's
// Result.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

namespace ido {
using namespace base;

enum class Errno : i32 {
  kPerm = 1,
  kNoEnt = 2,
  kSrch = 3,
  kIntr = 4,
  kIo = 5,
  kNxIo = 6,
  k2Big = 7,
  kNoExec = 8,
  kBadF = 9,
  kChild = 10,
  kAgain = 11,
  kNoMem = 12,
  kAcces = 13,
  kFault = 14,
  kBusy = 16,
  kExist = 17,
  kXDev = 18,
  kNoDev = 19,
  kNotDir = 20,
  kIsDir = 21,
  kInval = 22,
  kNFile = 23,
  kMFile = 24,
  kNotTy = 25,
  kTxtBsy = 26,
  kFBig = 27,
  kNoSpc = 28,
  kSPipe = 29,
  kRoFs = 30,
  kMLink = 31,
  kPipe = 32,
  kDom = 33,
  kRange = 34,
  kDeadLk = 35,
  kNameTooLong = 36,
  kNoSys = 38,
  kNotEmpty = 39,
  kLoop = 40,
  kNoData = 61,
  kOverflow = 75,
  kNotSock = 88,
  kDestAddrReq = 89,
  kMsgSize = 90,
  kProtoType = 91,
  kNoProtoOpt = 92,
  kProtoNoSupport = 93,
  kSockTypeNoSupport = 94,
  kOpNotSupp = 95,
  kAfNoSupport = 97,
  kAddrInUse = 98,
  kConnReset = 104,
  kIsConn = 106,
  kNotConn = 107,
  kTooManyRefs = 109,
  kTimedOut = 110,
  kConnRefused = 111,
  // Kernel-internal, settled by signal delivery. The system call is made again if no handler runs; if one does:
  kRestartSys = 512,        // again too if the handler has SA_RESTART, else EINTR
  kRestartNoHandler = 514,  // EINTR
};

template <class T = void>
using Or = Result<T, Errno>;

inline Failure<Errno> fail(Errno e) { return Failure<Errno>{e}; }

}  // namespace ido
