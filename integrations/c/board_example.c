// A small engine that reads a cancel board: what the test of loopguard_board.h compiles, as C11 and as C++17.
//
//     cc -std=c11 -O2 board_example.c && ./a.out DIRECTORY        talk to a board, a line at a time
//     ./a.out --time DIRECTORY                                                  nanoseconds per look
#include "loopguard_board.h"

static const char *const errors[] = {"ok", "absent", "unreadable", "unsafe", "in use", "refused by the system", "bad handle"};
static const char *const admissions[] = {"admitted", "cancelled", "orphan", "foreign"};
static const char *const states[] = {"running", "cancelled", "orphan"};

static void answer(lg_board *board, const char *verb, const char *text, unsigned outcome, unsigned long tokens) {
    lg_board_handle handle;
    uint8_t reason = 0;
    if (strcmp(verb, "poll") == 0) {
        puts(lg_board_poll(board, lg_board_now()) ? "true" : "false");
    } else if (lg_board_parse(text, &handle) != LG_BOARD_OK) {
        puts("bad handle");
    } else if (strcmp(verb, "admit") == 0) {
        puts(admissions[lg_board_admit(board, handle)]);
    } else if (strcmp(verb, "state") == 0) {
        lg_board_state state = lg_board_state_of(board, handle, &reason);
        printf("%s %u\n", states[state], reason);
    } else {
        bool told = lg_board_finish(board, handle, (lg_board_outcome)outcome, tokens, board->steps);
        puts(told ? "true" : "false");
    }
    fflush(stdout);
}

static void measure(lg_board *board) {
    lg_board_handle handle = {board->epoch, 1, 0};
    const unsigned long looks = 100000000;
    unsigned long due = 0;
    uint64_t start = lg_board_now();
    for (unsigned long look = 0; look < looks; look++) due += lg_board_poll(board, start);
    uint64_t polled = lg_board_now();
    for (unsigned long look = 0; look < looks; look++) due += lg_board_state_of(board, handle, NULL) == LG_BOARD_CANCEL;
    uint64_t end = lg_board_now();
    printf("poll %.2f ns, flag of one request %.2f ns (%lu)\n", (double)(polled - start) / (double)looks,
        (double)(end - polled) / (double)looks, due);
}

int main(int count, char **arguments) {
    bool timed = count == 3 && strcmp(arguments[1], "--time") == 0;
    if (count != 2 && !timed) return fputs("usage: board_example [--time] DIRECTORY\n", stderr), 64;
    lg_board board;
    lg_board_error error = lg_board_open(&board, arguments[count - 1]);
    if (error) return printf("%s\n", errors[error]), 1;
    if (timed) return measure(&board), lg_board_close(&board), 0;
    puts("ready");
    fflush(stdout);
    char line[256], verb[32], handle[128];
    unsigned outcome = 0;
    unsigned long tokens = 0;
    while (fgets(line, sizeof line, stdin)) {
        handle[0] = 0;
        if (sscanf(line, "%31s %127s %u %lu", verb, handle, &outcome, &tokens) >= 1)
            answer(&board, verb, handle, outcome, tokens);
    }
    lg_board_close(&board);
    return 0;
}
