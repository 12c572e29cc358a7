/*
 * reader: pulls N streams over RTSP, TCP interleaved, and discards every byte: the least that any receiver
 * must spend. One thread.
 *
 *   reader --port P --streams N [--mode plain|gather] [--warm 3] [--seconds 10] [--every 50]
 *
 * plain: epoll, each socket read when it is readable. gather: asleep between rounds, each socket read once every
 * `every` milliseconds. Prints {"playing":n} when every stream plays, {"measuring":true} after `warm` seconds, then one line of JSON: processor time by
 * getrusage over the measured seconds, bytes, reads, and streams that were closed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256 * 1024)
#define REPLY_BYTES 8192
#define EVENTS 1024
#define OPENED_BETWEEN_READS 50 /* streams left unread while others are opened fill the kernel's buffers and hold the feeder up */

static uint8_t sink[READ_BYTES];
static uint64_t bytes_read, reads;
static int closed;

static void fail(const char *what) {
  fprintf(stderr, "reader: %s: %s\n", what, errno ? strerror(errno) : "");
  exit(1);
}

static double monotonic_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* One request and its whole reply, media that follows the reply of PLAY left in the socket or discarded. */
static void ask(int fd, const char *request) {
  char reply[REPLY_BYTES];
  int have = 0;
  if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) fail("send");
  for (;;) {
    ssize_t got = recv(fd, reply + have, sizeof reply - 1 - have, 0);
    if (got <= 0) fail("no reply");
    have += (int)got;
    reply[have] = 0;
    char *end = strstr(reply, "\r\n\r\n");
    if (!end) continue;
    char *length = strcasestr(reply, "\nContent-Length:");
    if (have >= end - reply + 4 + (length && length < end ? atoi(length + 16) : 0)) break;
  }
  if (strncmp(reply, "RTSP/1.0 200", 12)) {
    fprintf(stderr, "reader: refused: %.60s\n", reply);
    exit(1);
  }
}

static int open_stream(int port, int camera) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
  char text[512];
  snprintf(text, sizeof text, "DESCRIBE rtsp://127.0.0.1:%d/cam%d RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n", port, camera);
  ask(fd, text);
  snprintf(text, sizeof text,
           "SETUP rtsp://127.0.0.1:%d/cam%d/trackID=1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
           port, camera);
  ask(fd, text);
  snprintf(text, sizeof text, "PLAY rtsp://127.0.0.1:%d/cam%d/ RTSP/1.0\r\nCSeq: 3\r\nSession: 63637476\r\nRange: npt=0.000-\r\n\r\n", port,
           camera);
  ask(fd, text);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/* Returns 0 when the stream has ended. */
static int discard(int fd) {
  for (;;) {
    ssize_t got = read(fd, sink, sizeof sink);
    reads++;
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
      close(fd);
      closed++;
      return 0;
    }
    if (got > 0) bytes_read += (uint64_t)got;
    if (got < (ssize_t)sizeof sink) return 1;
  }
}

int main(int argc, char **argv) {
  int port = 0, streams = 1, gather = 0, every_ms = 50;
  double warm_s = 3, measured_s = 10;
  for (int i = 1; i + 1 < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (!strcmp(name, "--port")) port = atoi(value);
    else if (!strcmp(name, "--streams")) streams = atoi(value);
    else if (!strcmp(name, "--mode")) gather = !strcmp(value, "gather");
    else if (!strcmp(name, "--warm")) warm_s = atof(value);
    else if (!strcmp(name, "--seconds")) measured_s = atof(value);
    else if (!strcmp(name, "--every")) every_ms = atoi(value);
    else fail(name);
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  int *fds = calloc((size_t)streams, sizeof *fds);
  int poll_fd = epoll_create1(0);
  for (int i = 0; i < streams; i++) {
    fds[i] = open_stream(port, i);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
    if (!gather) epoll_ctl(poll_fd, EPOLL_CTL_ADD, fds[i], &event);
    if (i % OPENED_BETWEEN_READS == 0)
      for (int j = 0; j <= i; j++)
        if (fds[j] >= 0 && !discard(fds[j])) fds[j] = -1;
  }
  printf("{\"playing\":%d}\n", streams);
  fflush(stdout);

  double from_s = 0, until_s = 0, measure_at_s = monotonic_s() + warm_s, cpu_from = 0;
  double next_round_s = monotonic_s();
  struct epoll_event events[EVENTS];
  for (;;) {
    double now_s = monotonic_s();
    if (!from_s && now_s >= measure_at_s) {
      from_s = now_s;
      cpu_from = cpu_us();
      bytes_read = reads = 0;
      puts("{\"measuring\":true}");
      fflush(stdout);
    }
    if (from_s && now_s >= from_s + measured_s) {
      until_s = now_s;
      break;
    }
    if (gather) {
      next_round_s += every_ms / 1000.0;
      struct timespec until = {(time_t)next_round_s, (long)((next_round_s - (double)(time_t)next_round_s) * 1e9)};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
      for (int i = 0; i < streams; i++)
        if (fds[i] >= 0 && !discard(fds[i])) fds[i] = -1;
    } else {
      int count = epoll_wait(poll_fd, events, EVENTS, 100);
      for (int i = 0; i < count; i++) discard(events[i].data.fd);
    }
  }
  double seconds = until_s - from_s, cpu = cpu_us() - cpu_from;
  printf("{\"mode\":\"%s\",\"streams\":%d,\"seconds\":%.3f,\"microsPerStreamSecond\":%.1f,\"percentOfCore\":%.2f,\"bytes\":%llu,"
         "\"reads\":%llu,\"closed\":%d}\n",
         gather ? "gather" : "plain", streams, seconds, cpu / seconds / streams, cpu / seconds / 1e4, (unsigned long long)bytes_read,
         (unsigned long long)reads, closed);
  return 0;
}
