#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "CPosixShared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
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

static int unix_socket(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    int made = socket(AF_UNIX, SOCK_STREAM, 0);
    if (made >= 0) fcntl(made, F_SETFD, FD_CLOEXEC);
    return made;
}

static int close_after_failure(int descriptor) {
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

int loopguard_connect(const char *path) {
    struct sockaddr_un address;
    int made = unix_socket(path, &address);
    if (made < 0) return -1;
    return connect(made, (struct sockaddr *)&address, sizeof address) == 0 ? made : close_after_failure(made);
}

int loopguard_listen(const char *path) {
    struct sockaddr_un address;
    struct stat facts;
    // What is there is only ever removed when it is a socket that refuses connections.
    if (lstat(path, &facts) == 0 && S_ISSOCK(facts.st_mode)) {
        int other = loopguard_connect(path);
        if (other < 0 && errno == ECONNREFUSED) unlink(path);
        if (other >= 0) close(other);
    }
    int made = unix_socket(path, &address);
    if (made < 0) return -1;
    if (bind(made, (struct sockaddr *)&address, sizeof address) != 0) return close_after_failure(made);
    // Who connects is checked by what the kernel says about him, not by the mode.
    if (chmod(path, 0666) != 0 || listen(made, 8) != 0) return close_after_failure(made);
    return fcntl(made, F_SETFL, O_NONBLOCK) == 0 ? made : close_after_failure(made);
}

int loopguard_accept(int listener) {
    int connection;
    do connection = accept(listener, NULL, NULL);
    while (connection < 0 && errno == EINTR);
    if (connection < 0) return -1;
    fcntl(connection, F_SETFD, FD_CLOEXEC);
    return fcntl(connection, F_SETFL, 0) == 0 ? connection : close_after_failure(connection);
}

int loopguard_limit_waiting(int socket, unsigned milliseconds) {
    struct timeval limit = {milliseconds / 1000, (milliseconds % 1000) * 1000};
    if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return -1;
    return setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}
