// SPDX-License-Identifier: Apache-2.0
// Processes in number. Each waits for a line on its standard input before it begins, and says what it did at the end.
//   spawn COUNT PROGRAM ARGS..   COUNT times on each CPU: vfork, execve, wait
//   sleep COUNT                  COUNT processes that sleep until the input ends
//   bomb SECONDS                 forks that fork, as many as are allowed, until the time is over
//   files COUNT FOLDER           opens FOLDER/N for each N below COUNT, and uses each descriptor once
//   calls COUNT                  COUNT times: open, read, close of /etc/passwd
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void begin(void) {
    char byte;
    if (read(0, &byte, 1) != 1) {
        _exit(1);
    }
}

static long spawn(long count, char **argv) {
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (long cpu = 0; cpu < cpus; cpu++) {
        if (fork() == 0) {
            pin(cpu);
            for (long i = 0; i < count; i++) {
                pid_t pid = vfork();
                if (pid == 0) {
                    execve(argv[0], argv, environ);
                    _exit(127);
                }
                int status;
                if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    int status, failed = 0;
    while (wait(&status) > 0) {
        failed |= status;
    }
    return failed ? -1 : count * cpus;
}

static long sleepers(long count) {
    pid_t group = getpid();
    setpgid(0, 0);
    long made = 0;
    for (; made < count; made++) {
        pid_t pid = fork();
        if (pid < 0) {
            break;
        }
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) {
                pause();
            }
        }
    }
    printf("%ld\n", made);
    fflush(stdout);
    char byte;
    signal(SIGTERM, SIG_IGN);
    while (read(0, &byte, 1) > 0) {
    }
    kill(-group, SIGTERM);
    while (wait(0) > 0) {
    }
    return made;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void explode(double end) {
    // A tree: each forks two, and waits for them.
    while (now() < end) {
        pid_t one = fork();
        if (one == 0) {
            continue;
        }
        pid_t two = fork();
        if (two == 0) {
            continue;
        }
        while (wait(0) > 0) {
        }
        if (one < 0 && two < 0) {
            struct timespec moment = { 0, 1000000 };
            nanosleep(&moment, 0);
        }
    }
}

static long bomb(double seconds) {
    double end = now() + seconds;
    if (fork() == 0) {
        explode(end);
        _exit(0);
    }
    while (wait(0) > 0) {
    }
    return 1;
}

static long files(long count, const char *folder) {
    long used = 0;
    for (long i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%ld", folder, i);
        int fd = open(path, O_RDONLY | O_CREAT, 0600);
        struct stat stat;
        if (fd < 0 || fstat(fd, &stat) != 0) {
            fprintf(stderr, "%s: %s\n", path, strerror(errno));
            return -1;
        }
        used++;
    }
    printf("%ld\n", used);
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
    return used;
}

static long calls(long count) {
    char bytes[64];
    for (long i = 0; i < count; i++) {
        int fd = open("/etc/passwd", O_RDONLY);
        if (fd < 0 || read(fd, bytes, sizeof bytes) <= 0 || close(fd) != 0) {
            return -1;
        }
    }
    return count;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        return 2;
    }
    begin();
    long done = -1;
    if (!strcmp(argv[1], "spawn") && argc > 3) {
        done = spawn(atol(argv[2]), argv + 3);
    } else if (!strcmp(argv[1], "sleep")) {
        return sleepers(atol(argv[2])) < 0;
    } else if (!strcmp(argv[1], "bomb")) {
        done = bomb(atof(argv[2]));
    } else if (!strcmp(argv[1], "files") && argc > 3) {
        return files(atol(argv[2]), argv[3]) < 0;
    } else if (!strcmp(argv[1], "calls")) {
        done = calls(atol(argv[2]));
    }
    printf("%ld\n", done);
    return done < 0;
}
