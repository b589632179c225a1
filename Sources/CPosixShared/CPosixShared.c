#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "CPosixShared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE };

int loopguard_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int loopguard_memfd_seal(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, seals | F_SEAL_SEAL); }

int loopguard_memfd_is_sealed(int descriptor) {
    int set = fcntl(descriptor, F_GET_SEALS);
    return set < 0 ? -1 : (set & seals) == seals;
}

int loopguard_peer_user(int socket, uid_t *user) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
    *user = peer.uid;
    return 0;
}

int loopguard_futex_wait(const void *word, uint32_t expected, uint64_t nanoseconds) {
    struct timespec limit = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    return (int)syscall(SYS_futex, word, FUTEX_WAIT, expected, &limit, NULL, 0);
}

int loopguard_futex_wake(const void *word) { return (int)syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0); }

#else

static int unsupported(void) {
    errno = ENOSYS;
    return -1;
}

int loopguard_memfd_create(const char *name) { return (void)name, unsupported(); }
int loopguard_memfd_seal(int descriptor) { return (void)descriptor, unsupported(); }
int loopguard_memfd_is_sealed(int descriptor) { return (void)descriptor, unsupported(); }
int loopguard_futex_wake(const void *word) { return (void)word, unsupported(); }

int loopguard_futex_wait(const void *word, uint32_t expected, uint64_t nanoseconds) {
    return (void)word, (void)expected, (void)nanoseconds, unsupported();
}

int loopguard_peer_user(int socket, uid_t *user) {
    gid_t group;
    return getpeereid(socket, user, &group);
}

#endif

// Room for one descriptor, aligned as a control message must be.
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int loopguard_send_descriptor(int socket, int descriptor, uint8_t tag) {
    union control control;
    memset(&control, 0, sizeof control);
    struct iovec part = {&tag, 1};
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t sent;
    do sent = sendmsg(socket, &message, 0);
    while (sent < 0 && errno == EINTR);
    return sent == 1 ? 0 : -1;
}

int loopguard_receive_descriptor(int socket, uint8_t tag) {
    union control control;
    uint8_t byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
#ifdef MSG_CMSG_CLOEXEC
    int flags = MSG_CMSG_CLOEXEC;
#else
    int flags = 0;
#endif
    ssize_t received;
    do received = recvmsg(socket, &message, flags);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -1;
    struct cmsghdr *header = received == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    int descriptor = -1;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS
        && header->cmsg_len == CMSG_LEN(sizeof descriptor)) {
        memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    }
    if (descriptor >= 0 && byte == tag) return descriptor;
    if (descriptor >= 0) close(descriptor);
    errno = EPROTO;
    return -1;
}
