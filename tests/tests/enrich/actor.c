// SPDX-License-Identifier: Apache-2.0
// Makes the calls that it is told to make, so that a test knows each of them. It connects to the abstract Unix socket
// whose name is its first argument, or goes on with the descriptor in its second, says who it is, and then answers each
// message with the kernel's answer. Orders come by recvmmsg and sendmmsg, which no test looks at.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { MEMORY = 1 << 20, POINTERS = 64, CONTROL = 900 };
enum { THREAD = -1, FORK = -2 };

struct order {
    int64_t nr;
    uint64_t args[6];
    uint64_t len;
    uint32_t in_memory;
    uint32_t pointers;
    uint32_t pointer[POINTERS];
};

static char *name;

static int transfer(int fd, void *at, size_t len, int in) {
    char *next = at;
    while (len > 0) {
        struct iovec iov = { next, len };
        struct mmsghdr message = { { 0, 0, &iov, 1, 0, 0, 0 }, 0 };
        int n = in ? recvmmsg(fd, &message, 1, MSG_WAITALL, 0) : sendmmsg(fd, &message, 1, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != 1 || message.msg_len == 0) {
            return 0;
        }
        next += message.msg_len;
        len -= message.msg_len;
    }
    return 1;
}

static int64_t raw(int64_t nr, const uint64_t *a) {
    int64_t ret = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    return ret == -1 ? -errno : ret;
}

static int connected(void) {
    struct sockaddr_un addr = { AF_UNIX, { 0 } };
    size_t len = strlen(name);
    memcpy(addr.sun_path + 1, name, len);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, offsetof(struct sockaddr_un, sun_path) + 1 + len) != 0) {
        return -1;
    }
    int control = fcntl(fd, F_DUPFD, CONTROL);
    close(fd);
    return control;
}

static void serve(int control);

static void *thread(void *arg) {
    (void)arg;
    serve(connected());
    return 0;
}

static int64_t special(const struct order *order) {
    if (order->nr == THREAD) {
        pthread_t id;
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        return -pthread_create(&id, &attr, thread, 0);
    }
    uint64_t args[6] = { order->args[0] | SIGCHLD };
    int64_t pid = raw(SYS_clone, args);
    if (pid == 0) {
        // The parent's: else nobody would see that it ended.
        syscall(SYS_close_range, CONTROL, ~0u, 0);
        serve(connected());
        _exit(0);
    }
    return pid;
}

static void serve(int control) {
    char *memory = mmap(0, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int64_t who[3] = { getpid(), syscall(SYS_gettid), control };
    if (control < 0 || memory == MAP_FAILED || !transfer(control, who, sizeof who, 0)) {
        _exit(3);
    }
    struct order order;
    while (transfer(control, &order, sizeof order, 1)) {
        if (order.len > MEMORY || order.pointers > POINTERS || !transfer(control, memory, order.len, 1)) {
            _exit(4);
        }
        for (uint32_t i = 0; i < order.pointers; i++) {
            uint64_t *at = (uint64_t *)(memory + order.pointer[i]);
            *at += (uint64_t)memory;
        }
        for (int i = 0; i < 6; i++) {
            if (order.in_memory & (1u << i)) {
                order.args[i] += (uint64_t)memory;
            }
        }
        int64_t ret = order.nr < 0 ? special(&order) : raw(order.nr, order.args);
        if (!transfer(control, &ret, sizeof ret, 0) || !transfer(control, memory, order.len, 0)) {
            break;
        }
    }
    // Whoever gives the orders is gone.
    _exit(0);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        return 2;
    }
    name = argv[1];
    signal(SIGHUP, SIG_IGN);
    serve(argv[2][0] == '-' ? connected() : atoi(argv[2]));
}
