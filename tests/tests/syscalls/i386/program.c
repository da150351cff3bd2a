// SPDX-License-Identifier: Apache-2.0
static unsigned long way;
static long by_int(long nr, long a, long b, long c, long d, long e) {
    long ret;
    __asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return ret;
}
static long by_vdso(long nr, long a, long b, long c, long d, long e) {
    long ret;
    __asm__ volatile("call *%1" : "=a"(ret) : "m"(way), "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return ret;
}
static void handle(int signal) { }
__attribute__((used)) static void run(unsigned long *stack) {
    char *arguments[] = {"again", 0};
    char *environment[] = {"LEFT=1", 0};
    unsigned long *at = stack + 1 + stack[0] + 1;
    while (*at++) { }
    for (; at[0]; at += 2)
        if (at[0] == 32) way = at[1];
    char *next = (char *)stack[2];
    by_int(5, (long)"/no/such/int", 02, 0, 0, 0);
    by_int(180, -1, (long)environment, 8, 0x1234, 0x5678);
    by_vdso(5, (long)"/no/such/vdso", 0102, 0640, 0, 0);
    by_vdso(334, -1, 0, 0, 0x9abc, 0xdef0);
    /* sigaction, kill, and the way back from the handler that the kernel made up. */
    struct { void (*handler)(int); unsigned long mask, flags, restorer; } action = {handle, 0, 0, 0};
    by_int(67, 10, (long)&action, 0, 0, 0);
    by_int(37, by_int(20, 0, 0, 0, 0, 0), 10, 0, 0, 0);
    /* The same signal blocked, pending, and waited for; the mask is in the third register. */
    by_int(69, 1 << 9, 0, 0, 0, 0);
    by_int(37, by_int(20, 0, 0, 0, 0, 0), 10, 0, 0, 0);
    by_int(72, 7, 8, 0, 0, 0);
    by_vdso(11, (long)next, (long)arguments, (long)environment, 0, 0);
    by_int(252, 1, 0, 0, 0, 0);
}
__asm__(".globl _start\n_start:\n mov %esp, %eax\n push %eax\n call run\n");
