// loopguard_board.h: the reader of loopguard's cancel board, for engines in C, C++ or Rust. One file, no dependency.
//
// The gateway gives every request a slot on a board in shared memory and sends its handle along, as the header
// X-Loopguard-Cancel or a field of the body: "<epoch>:<slot>:<generation>". The engine looks at the board once per step,
// ends what has its flag raised as if the model had ended it, and says so on the board. docs/cancel-board.md has the
// layout and the reasons.
//
//     lg_board board;
//     if (lg_board_open(&board, "/run/loopguard") != LG_BOARD_OK) ...;                       // once
//
//     lg_board_handle handle;                                                               // a request comes
//     bool on_board = lg_board_parse(header_value, &handle) == LG_BOARD_OK;
//     if (on_board) switch (lg_board_admit(&board, handle)) { ... }
//
//     if (lg_board_poll(&board, lg_board_now()))                                            // every step
//         for (each sequence that is on the board)
//             if (lg_board_state_of(&board, sequence->handle, NULL) != LG_BOARD_RUNNING) end(sequence);
//
//     lg_board_finish(&board, handle, LG_BOARD_NATURAL, tokens, step);                       // a sequence ends
//
// Threads: one thread polls; calls about one handle come one after the other; otherwise any thread may call. In an engine
// of several ranks only the first reads the board and sends its decision with the step.
//
// The words are read and written with the compiler's __atomic builtins, on which C11's <stdatomic.h> and C++'s <atomic>
// are built: acquire loads and release stores of aligned 64-bit words. GCC and Clang on 64-bit POSIX systems have them.
//
// Functions are `static inline`. Define LG_BOARD_API as nothing in one translation unit to give them linkage, as a Rust
// crate does that compiles this header and declares the functions as `extern "C"`.
#ifndef LOOPGUARD_BOARD_H
#define LOOPGUARD_BOARD_H

// With -std=c11 alone glibc hides what is not ISO C; this shows it again if no system header was included before.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef LG_BOARD_API
#define LG_BOARD_API static inline
#endif

#ifdef __cplusplus
extern "C" {
#endif

// What the layout is, in words of 8 bytes where an index is meant.
enum {
    LG_BOARD_VERSION = 1,
    LG_BOARD_HEADER_SIZE = 4096,
    LG_BOARD_STRIDE = 128,
    LG_BOARD_MOST_SLOTS = 65536,
    // Both regions.
    LG_BOARD_AT_MAGIC = 0,
    LG_BOARD_AT_VERSION = 1,    // u32 version, u32 header size
    LG_BOARD_AT_SHAPE = 2,      // u32 slots, u32 stride
    LG_BOARD_AT_EPOCH = 3,      // the gateway's start, random
    LG_BOARD_AT_PROCESS = 4,    // who writes the region
    LG_BOARD_AT_START = 5,      // when that process started, in ticks; 0 when unknown
    LG_BOARD_AT_HEARTBEAT = 6,  // CLOCK_MONOTONIC, nanoseconds
    // The command region.
    LG_BOARD_AT_DOORBELL = 8,
    // The acknowledgement region.
    LG_BOARD_AT_STEPS = 8,
    LG_BOARD_AT_LONGEST_STEP = 9,
    // A slot, from its beginning.
    LG_BOARD_AT_TOKENS = 1,
    LG_BOARD_AT_STEP = 2,
    // The bits of a command word [generation:48 | reason:8 | bits:8].
    LG_BOARD_CLAIMED = 1,
    LG_BOARD_RAISED = 2,
    // The bits of an acknowledgement word [generation:48 | outcome:8 | bits:8].
    LG_BOARD_BOUND = 1,
    LG_BOARD_FINAL = 2
};

// Why a board cannot be opened or a handle not be read.
typedef enum {
    LG_BOARD_OK = 0,
    LG_BOARD_ABSENT,      // there is no board in the directory; the gateway creates it
    LG_BOARD_UNREADABLE,  // what is there is no board, or one of another version
    LG_BOARD_UNSAFE,      // another user could change it
    LG_BOARD_IN_USE,      // another engine that is alive reads it
    LG_BOARD_SYSTEM,      // the system refused; errno tells why
    LG_BOARD_BAD_HANDLE   // the text is no handle
} lg_board_error;

// What is to be done with a request that comes in, or comes back after it was put aside.
typedef enum {
    LG_BOARD_ADMITTED,   // work on it
    LG_BOARD_CANCELLED,  // its flag is raised already: do not begin, but finish it
    LG_BOARD_ORPHAN,     // its slot has another owner or none: nobody waits for it
    LG_BOARD_FOREIGN     // its gateway is another one: work on it without the board, or open the board anew
} lg_board_admission;

// What a slot says about a request that was admitted.
typedef enum {
    LG_BOARD_RUNNING,    // go on
    LG_BOARD_CANCEL,     // end it like a natural end and finish it as LG_BOARD_BY_CANCEL
    LG_BOARD_LOST        // end it and finish it as LG_BOARD_AS_ORPHAN, never as cancelled
} lg_board_state;

// How a request ended.
typedef enum {
    LG_BOARD_NATURAL = 1,
    LG_BOARD_BY_CANCEL = 2,
    LG_BOARD_AS_ORPHAN = 3,
    LG_BOARD_FAILED = 4
} lg_board_outcome;

// Names one request on one board.
typedef struct {
    uint64_t epoch;
    uint64_t generation;
    uint32_t slot;
} lg_board_handle;

// An open board. Its fields are for the functions below.
typedef struct {
    const uint64_t *command;
    uint64_t *acknowledgements;
    size_t size;
    uint64_t epoch;
    uint32_t slots;
    int64_t bound;
    uint64_t steps, last_bell, last_look, last_look_step, last_step;
    char path[256];
    uint64_t device, file;
} lg_board;

// MARK: - Small parts

// The moment, on the clock that all processes of the machine share.
LG_BOARD_API uint64_t lg_board_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// When a process started, in ticks since the machine's start; 0 when it does not run or /proc does not say.
LG_BOARD_API uint64_t lg_board_process_start(long process) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    // The name, in brackets, may hold anything; the state is the third field and the start the 22nd.
    const char *field = strrchr(text, ')');
    if (!field || field[1] != ' ' || field[2] == 'Z') return 0;
    field += 2;
    for (int number = 3; number < 22; number++) {
        field = strchr(field, ' ');
        if (!field) return 0;
        field++;
    }
    return strtoull(field, NULL, 10);
}

// Digits only; -1 when there are none or they overflow. *text is left behind them.
LG_BOARD_API int lg_board_digits(const char **text, unsigned radix, uint64_t *value) {
    const char *start = *text;
    *value = 0;
    for (;; (*text)++) {
        char letter = **text;
        unsigned digit;
        if (letter >= '0' && letter <= '9') digit = (unsigned)(letter - '0');
        else if (radix == 16 && letter >= 'a' && letter <= 'f') digit = (unsigned)(letter - 'a') + 10;
        else break;
        if (__builtin_mul_overflow(*value, (uint64_t)radix, value)) return -1;
        if (__builtin_add_overflow(*value, (uint64_t)digit, value)) return -1;
    }
    return *text == start ? -1 : (int)(*text - start);
}

// Reads a handle.
LG_BOARD_API lg_board_error lg_board_parse(const char *text, lg_board_handle *handle) {
    uint64_t slot;
    if (!text || lg_board_digits(&text, 16, &handle->epoch) != 16 || *text++ != ':') return LG_BOARD_BAD_HANDLE;
    if (lg_board_digits(&text, 10, &slot) < 0 || slot >= LG_BOARD_MOST_SLOTS || *text++ != ':') return LG_BOARD_BAD_HANDLE;
    if (lg_board_digits(&text, 10, &handle->generation) < 0 || *text) return LG_BOARD_BAD_HANDLE;
    if (handle->generation == 0 || handle->generation >> 48) return LG_BOARD_BAD_HANDLE;
    handle->slot = (uint32_t)slot;
    return LG_BOARD_OK;
}

LG_BOARD_API uint64_t lg_board_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
LG_BOARD_API void lg_board_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

// Where a slot begins, in words.
LG_BOARD_API size_t lg_board_slot(uint32_t slot) {
    return ((size_t)LG_BOARD_HEADER_SIZE + (size_t)slot * LG_BOARD_STRIDE) / 8;
}

LG_BOARD_API uint64_t lg_board_magic(const char *text) {
    uint64_t magic;
    memcpy(&magic, text, 8);
    return magic;
}

LG_BOARD_API uint64_t lg_board_pair(uint32_t first, uint32_t second) { return (uint64_t)second << 32 | first; }

// Maps a region that another process wrote and checks its header.
LG_BOARD_API lg_board_error lg_board_map(const char *path, const char *magic, const uint64_t **words, struct stat *facts) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return errno == ENOENT ? LG_BOARD_ABSENT : LG_BOARD_SYSTEM;
    lg_board_error error = LG_BOARD_OK;
    if (fstat(file, facts) != 0) error = LG_BOARD_SYSTEM;
    else if (!S_ISREG(facts->st_mode)) error = LG_BOARD_UNREADABLE;
    else if (facts->st_uid != geteuid() || (facts->st_mode & 077)) error = LG_BOARD_UNSAFE;
    else if (facts->st_size <= LG_BOARD_HEADER_SIZE) error = LG_BOARD_UNREADABLE;
    void *address = error ? MAP_FAILED : mmap(NULL, (size_t)facts->st_size, PROT_READ, MAP_SHARED, file, 0);
    if (!error && address == MAP_FAILED) error = LG_BOARD_SYSTEM;
    close(file);
    if (error) return error;
    const uint64_t *header = (const uint64_t *)address;
    uint64_t shape = lg_board_load(&header[LG_BOARD_AT_SHAPE]);
    uint64_t slots = shape & 0xffffffffu;
    if (lg_board_load(&header[LG_BOARD_AT_MAGIC]) != lg_board_magic(magic)
        || lg_board_load(&header[LG_BOARD_AT_VERSION]) != lg_board_pair(LG_BOARD_VERSION, LG_BOARD_HEADER_SIZE)
        || slots == 0 || slots > LG_BOARD_MOST_SLOTS || shape >> 32 != LG_BOARD_STRIDE
        || (uint64_t)facts->st_size != LG_BOARD_HEADER_SIZE + slots * LG_BOARD_STRIDE) {
        munmap(address, (size_t)facts->st_size);
        return LG_BOARD_UNREADABLE;
    }
    *words = header;
    return LG_BOARD_OK;
}

// MARK: - Opening

// Makes this engine's acknowledgement region and gives it its name, unless that of a living engine has it. The caller
// holds the directory's lock.
LG_BOARD_API lg_board_error lg_board_publish(lg_board *board, const char *path) {
    char draft[320];
    struct stat facts;
    const uint64_t *others;
    if (lg_board_map(path, "LGACKNW1", &others, &facts) == LG_BOARD_OK) {
        long process = (long)lg_board_load(&others[LG_BOARD_AT_PROCESS]);
        uint64_t start = lg_board_load(&others[LG_BOARD_AT_START]);
        munmap((void *)(uintptr_t)others, (size_t)facts.st_size);
        bool runs = process > 0 && (kill((pid_t)process, 0) == 0 || errno == EPERM);
        if (runs && process != (long)getpid() && (start == 0 || lg_board_process_start(process) == start))
            return LG_BOARD_IN_USE;
    }
    if ((size_t)snprintf(draft, sizeof draft, "%s.new", path) >= sizeof draft) return LG_BOARD_SYSTEM;
    unlink(draft);
    int file = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return LG_BOARD_SYSTEM;
    void *address = MAP_FAILED;
    if (ftruncate(file, (off_t)board->size) == 0 && fstat(file, &facts) == 0)
        address = mmap(NULL, board->size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (address == MAP_FAILED) return unlink(draft), LG_BOARD_SYSTEM;
    uint64_t *header = (uint64_t *)address;
    lg_board_store(&header[LG_BOARD_AT_VERSION], lg_board_pair(LG_BOARD_VERSION, LG_BOARD_HEADER_SIZE));
    lg_board_store(&header[LG_BOARD_AT_SHAPE], lg_board_pair(board->slots, LG_BOARD_STRIDE));
    lg_board_store(&header[LG_BOARD_AT_EPOCH], board->epoch);
    lg_board_store(&header[LG_BOARD_AT_PROCESS], (uint64_t)getpid());
    lg_board_store(&header[LG_BOARD_AT_START], lg_board_process_start((long)getpid()));
    lg_board_store(&header[LG_BOARD_AT_HEARTBEAT], lg_board_now());
    lg_board_store(&header[LG_BOARD_AT_MAGIC], lg_board_magic("LGACKNW1"));
    if (rename(draft, path) != 0) return munmap(address, board->size), unlink(draft), LG_BOARD_SYSTEM;
    board->acknowledgements = header;
    board->device = (uint64_t)facts.st_dev;
    board->file = (uint64_t)facts.st_ino;
    return LG_BOARD_OK;
}

// Opens the board in a directory and announces this engine to the gateway. On failure *board must not be used.
LG_BOARD_API lg_board_error lg_board_open(lg_board *board, const char *directory) {
    char path[256];
    struct stat facts;
    memset(board, 0, sizeof *board);
    if ((size_t)snprintf(path, sizeof path, "%s/board.cmd", directory) >= sizeof path) return errno = ENAMETOOLONG, LG_BOARD_SYSTEM;
    snprintf(board->path, sizeof board->path, "%s/board.ack", directory);
    if (lstat(directory, &facts) != 0) return errno == ENOENT ? LG_BOARD_ABSENT : LG_BOARD_SYSTEM;
    if (!S_ISDIR(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 022)) return LG_BOARD_UNSAFE;
    lg_board_error error = lg_board_map(path, "LGCANCL1", &board->command, &facts);
    if (error) return error;
    board->size = (size_t)facts.st_size;
    board->epoch = lg_board_load(&board->command[LG_BOARD_AT_EPOCH]);
    board->slots = (uint32_t)lg_board_load(&board->command[LG_BOARD_AT_SHAPE]);
    board->last_bell = lg_board_load(&board->command[LG_BOARD_AT_DOORBELL]);
    int guardian = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = guardian >= 0 && flock(guardian, LOCK_EX) == 0 ? lg_board_publish(board, board->path) : LG_BOARD_SYSTEM;
    if (guardian >= 0) close(guardian);
    if (error) munmap((void *)(uintptr_t)board->command, board->size);
    return error;
}

// Lets go of the board and takes this engine's name off it.
LG_BOARD_API void lg_board_close(lg_board *board) {
    struct stat facts;
    if (stat(board->path, &facts) == 0 && (uint64_t)facts.st_dev == board->device && (uint64_t)facts.st_ino == board->file)
        unlink(board->path);
    munmap((void *)(uintptr_t)board->command, board->size);
    munmap(board->acknowledgements, board->size);
    memset(board, 0, sizeof *board);
}

// MARK: - The life of a request

// What a slot says now. *reason, if given, gets the reason's code when the flag is raised: 1 user stop, 2 tree stop,
// 3 client gone, 4 deadline, 5 shutdown, 6 engine lost, from 32 a detector.
LG_BOARD_API lg_board_state lg_board_state_of(const lg_board *board, lg_board_handle handle, uint8_t *reason) {
    if (handle.epoch != board->epoch || handle.slot >= board->slots) return LG_BOARD_LOST;
    uint64_t word = lg_board_load(&board->command[lg_board_slot(handle.slot)]);
    if (word >> 16 != handle.generation || !(word & LG_BOARD_CLAIMED)) return LG_BOARD_LOST;
    if (!(word & LG_BOARD_RAISED)) return LG_BOARD_RUNNING;
    if (reason) *reason = (uint8_t)(word >> 8);
    return LG_BOARD_CANCEL;
}

// Takes a request up and looks at its flag once, since that may have been raised before the request got here.
LG_BOARD_API lg_board_admission lg_board_admit(lg_board *board, lg_board_handle handle) {
    if (handle.epoch != board->epoch) return LG_BOARD_FOREIGN;
    if (lg_board_state_of(board, handle, NULL) == LG_BOARD_LOST) return LG_BOARD_ORPHAN;
    uint64_t *word = &board->acknowledgements[lg_board_slot(handle.slot)];
    uint64_t seen = lg_board_load(word), bound = handle.generation << 16 | LG_BOARD_BOUND;
    // The word never goes back to an earlier request, nor from the end of a request to its beginning.
    while (seen != bound) {
        if (seen >> 16 >= handle.generation) return LG_BOARD_ORPHAN;
        if (__atomic_compare_exchange_n(word, &seen, bound, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            __atomic_fetch_add(&board->bound, 1, __ATOMIC_RELAXED);
            break;
        }
    }
    switch (lg_board_state_of(board, handle, NULL)) {
    case LG_BOARD_RUNNING: return LG_BOARD_ADMITTED;
    case LG_BOARD_CANCEL: return LG_BOARD_CANCELLED;
    default: return LG_BOARD_ORPHAN;
    }
}

// Whether flags are to be looked at in this step: the bell has rung, or 64 steps or 250 ms have passed. Once per step;
// look at lg_board_state_of every request when it says so. It also says that the engine is well.
LG_BOARD_API bool lg_board_poll(lg_board *board, uint64_t now) {
    uint64_t bell = lg_board_load(&board->command[LG_BOARD_AT_DOORBELL]);
    uint64_t step = ++board->steps;
    bool works = __atomic_load_n(&board->bound, __ATOMIC_RELAXED) > 0;
    if (works && board->last_step && now > board->last_step
        && now - board->last_step > lg_board_load(&board->acknowledgements[LG_BOARD_AT_LONGEST_STEP]))
        lg_board_store(&board->acknowledgements[LG_BOARD_AT_LONGEST_STEP], now - board->last_step);
    board->last_step = works ? now : 0;
    if (bell == board->last_bell && step - board->last_look_step < 64 && now - board->last_look < 250000000u) return false;
    board->last_bell = bell;
    board->last_look_step = step;
    board->last_look = now;
    lg_board_store(&board->acknowledgements[LG_BOARD_AT_STEPS], step);
    lg_board_store(&board->acknowledgements[LG_BOARD_AT_HEARTBEAT], now);
    return true;
}

// Tells the gateway that the engine is done with a request; every admitted one must be. False when it was not admitted or
// is finished already.
LG_BOARD_API bool lg_board_finish(
    lg_board *board, lg_board_handle handle, lg_board_outcome outcome, uint64_t tokens, uint64_t step) {
    if (handle.epoch != board->epoch || handle.slot >= board->slots) return false;
    uint64_t *slot = &board->acknowledgements[lg_board_slot(handle.slot)];
    uint64_t bound = handle.generation << 16 | LG_BOARD_BOUND;
    if (lg_board_load(slot) != bound) return false;
    lg_board_store(&slot[LG_BOARD_AT_TOKENS], tokens);
    lg_board_store(&slot[LG_BOARD_AT_STEP], step);
    // Last, and after the figures: the gateway reads them once it sees this word.
    uint64_t last = handle.generation << 16 | (uint64_t)outcome << 8 | LG_BOARD_FINAL;
    if (!__atomic_compare_exchange_n(slot, &bound, last, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return false;
    __atomic_fetch_sub(&board->bound, 1, __ATOMIC_RELAXED);
    return true;
}

// Says that the engine is well. For engines that do not step while they have nothing to do: once a second or so.
LG_BOARD_API void lg_board_beat(lg_board *board) {
    lg_board_store(&board->acknowledgements[LG_BOARD_AT_HEARTBEAT], lg_board_now());
}

// Whether the gateway has said within 5 s that it is well.
LG_BOARD_API bool lg_board_gateway_is_well(const lg_board *board, uint64_t now) {
    uint64_t beat = lg_board_load(&board->command[LG_BOARD_AT_HEARTBEAT]);
    return beat >= now || now - beat <= 5000000000u;
}

#ifdef __cplusplus
}
#endif

#endif
