/* Keeps beside a folder what a power cut would leave of it: only what was flushed, only names that were flushed.

   CUT_FROM is the folder, CUT_TO the place beside it. When a file is flushed, its content goes to
   CUT_TO/content/<path>; when a folder is flushed, the names in it go to CUT_TO/names/<path>/.names. Each step ends
   with a rename, so that a process killed in the middle of a flush has not flushed. The real flush is left
   out: the machine stays on. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *inside(const char *path) {
    const char *from = getenv("CUT_FROM");
    size_t length = from ? strlen(from) : 0;
    if (!length || strncmp(path, from, length) || (path[length] && path[length] != '/')) return NULL;
    return path + length;
}

static int turn(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/turn", getenv("CUT_TO"));
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock >= 0) flock(lock, LOCK_EX); /* a file description of its own, so threads wait for each other too */
    return lock;
}

static void folders(char *path) {
    for (char *sign = path + 1; *sign; sign++)
        if (*sign == '/') {
            *sign = 0;
            mkdir(path, 0777);
            *sign = '/';
        }
}

static int copy(int fd, const char *to) {
    static char piece[1 << 16];
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0) return -1;
    off_t at = 0;
    for (;;) {
        ssize_t got = pread(fd, piece, sizeof piece, at);
        if (got <= 0 || write(out, piece, got) != got) break;
        at += got;
    }
    close(out);
    return 0;
}

static void names(const char *real, const char *to) {
    DIR *folder = opendir(real);
    FILE *out = fopen(to, "w");
    struct dirent *entry;
    while (folder && out && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) fprintf(out, "%s\n", entry->d_name);
    if (folder) closedir(folder);
    if (out) fclose(out);
}

static int flushed(int fd) {
    char link[64], real[PATH_MAX], kept[2 * PATH_MAX], fresh[2 * PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real, sizeof real - 1);
    if (length < 0) return 0;
    real[length] = 0;
    const char *path = inside(real);
    struct stat is;
    if (!path || fstat(fd, &is) || !is.st_nlink) return 0;
    int lock = turn(), folder = S_ISDIR(is.st_mode), reader = fd;
    snprintf(kept, sizeof kept, "%s/%s%s%s", getenv("CUT_TO"), folder ? "names" : "content", path, folder ? "/.names" : "");
    snprintf(fresh, sizeof fresh, "%s/fresh", getenv("CUT_TO"));
    folders(kept);
    if (!folder && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) reader = open(link, O_RDONLY | O_CLOEXEC);
    if (folder) names(real, fresh);
    else copy(reader, fresh);
    rename(fresh, kept);
    if (reader != fd) close(reader);
    close(lock);
    return 0;
}

int fsync(int fd) { return flushed(fd); }
int fdatasync(int fd) { return flushed(fd); }

/* What was flushed under one name is flushed under the next one too; the name itself waits for its folder. */
static void renamed(const char *old, const char *new) {
    char from[2 * PATH_MAX], to[2 * PATH_MAX], real[PATH_MAX], place[PATH_MAX];
    if (!realpath(new, real)) return;
    const char *there = inside(real);
    snprintf(place, sizeof place, "%s", old);
    char *slash = strrchr(place, '/'), folder[PATH_MAX];
    if (slash) *slash = 0;
    if (!there || !realpath(slash ? place : ".", folder)) return;
    const char *here = inside(folder);
    if (!here) return;
    snprintf(from, sizeof from, "%s/content%s/%s", getenv("CUT_TO"), here, slash ? slash + 1 : old);
    snprintf(to, sizeof to, "%s/content%s", getenv("CUT_TO"), there);
    folders(to);
    int lock = turn();
    int (*real_rename)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    if (real_rename(from, to)) unlink(to); /* it took the place of another and was never flushed itself */
    close(lock);
}

int rename(const char *old, const char *new) {
    static int (*real_rename)(const char *, const char *);
    if (!real_rename) real_rename = dlsym(RTLD_NEXT, "rename");
    int failed = real_rename(old, new);
    if (!failed && getenv("CUT_TO") && strncmp(new, getenv("CUT_TO"), strlen(getenv("CUT_TO")))) renamed(old, new);
    return failed;
}
