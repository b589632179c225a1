// What shared memory between processes needs and Swift cannot reach: variadic system calls, socket control messages and
// macros. Each function is one call to the system; on failure it returns -1 and leaves the reason in errno. Where a
// system has no such thing the reason is ENOSYS.
#ifndef LOOPGUARD_CPOSIXSHARED_H
#define LOOPGUARD_CPOSIXSHARED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// An anonymous file in memory that can be sealed and is closed on exec.
int loopguard_memfd_create(const char *name);

/// Forbids the file to shrink or grow and forbids every writable mapping that does not exist yet.
int loopguard_memfd_seal(int descriptor);

/// 1 when all of these seals are set, 0 when one is missing.
int loopguard_memfd_is_sealed(int descriptor);

/// Sends a descriptor over a connected Unix socket, together with the byte `tag`.
int loopguard_send_descriptor(int socket, int descriptor, uint8_t tag);

/// Receives a descriptor that came with the byte `tag`. It is closed on exec.
int loopguard_receive_descriptor(int socket, uint8_t tag);

/// Who is at the other end of a Unix socket, as the kernel vouches for.
int loopguard_peer_user(int socket, uid_t *user);

/// A socket that listens under a name, that every user may connect to and that is closed on exec. A name that nobody
/// listens under any more is taken over; EADDRINUSE when somebody does. Accepting from it does not wait.
int loopguard_listen(const char *path);

/// A connection to whoever listens under a name.
int loopguard_connect(const char *path);

/// The next connection that waits to be accepted; EAGAIN when none does.
int loopguard_accept(int listener);

/// How long a call on the socket may wait for the other side.
int loopguard_limit_waiting(int socket, unsigned milliseconds);

/// Sleeps while `*word == expected`, at most for the time. Works on a mapping that may only be read.
int loopguard_futex_wait(const void *word, uint32_t expected, uint64_t nanoseconds);

/// Wakes all who sleep on the word, in every process.
int loopguard_futex_wake(const void *word);

#endif
