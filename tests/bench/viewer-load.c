/*
 * viewer-load: many low-latency HLS viewers on one thread, each on one kept-alive HTTP/1.1 connection.
 *
 *   viewer-load live   --port P --playlists FILE --clients M [--warm 5] [--seconds 20] [--capture FOLDER]
 *   viewer-load replay --port P --trace FOLDER --clients M
 *
 * live: client c follows the (c mod lines)th path of FILE, a media playlist: a blocking request for the next part, then every
 * part it did not have, then the next request (RFC 8216bis section 6.2.5.2; delta updates where offered). With --capture
 * every distinct answer is kept as a file, and FOLDER/trace says who asked for which and when.
 * replay: asks another server for the same files, the same clients at the same times. An answer that the gateway held
 * back is asked for when the gateway gave it.
 *
 * Prints {"measuring":true} and then one line of JSON. A part is late when it was whole at the client more than
 * a PART-TARGET after its last picture was due: the send time in its first picture (see feeder.c) plus its duration.
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

#define MAX_PATH 512
#define MAX_WANTED_PARTS 32              /* a client further behind skips, and counts them missed */
#define MAX_ANSWER_BYTES (8 * 1024 * 1024)
#define MAX_PLAYLISTS 4096
#define RETRY_US 500000
#define REPLAY_END_S 0.3                 /* for the last answers to arrive */
#define LATENCY_BUCKETS 20000            /* of 1 ms, from -5 s: a part cut short by its segment's end looks early */
#define LATENCY_ZERO 5000
#define CAPTURED_SLOTS (1 << 20)

static const uint8_t SEND_TIME_UUID[16] = {0xc7, 0x1e, 0x5e, 0x4d, 0x7a, 0x4b, 0x4f, 0x0e,
                                           0x9d, 0x5b, 0x63, 0x63, 0x74, 0x76, 0x62, 0x31};

struct wanted_part {
  char path[MAX_PATH];
  double duration_s;
};

struct client {
  int fd, index, connected;
  const char *playlist;
  char path[MAX_PATH]; /* of the request under way; empty when none is */
  int is_part;
  double duration_s;
  int64_t asked_us, first_byte_us, retry_us;
  uint8_t *answer;
  size_t bytes, room;
  /* live */
  long long msn, part; /* newest part had, -1 before the first playlist */
  double part_target_s;
  int can_skip;
  struct wanted_part wanted[MAX_WANTED_PARTS];
  int wanted_from, wanted_to;
  unsigned asked;
  /* replay: the next of its own entries, and the last that is due */
  size_t next_entry, due_entry;
};

struct entry {
  int64_t at_us;
  int client;
  int is_part;
  uint64_t name;
};

static struct client *clients;
static int client_count = 1, port, replaying;
static const char *capture;
/* A header line, or nothing: a replay is of what needs none. */
static char authorization[128];
static struct entry *trace;
static size_t trace_count, trace_room;
static size_t **own_entries, *own_counts; /* replay: indices into trace */
static uint64_t captured[CAPTURED_SLOTS];
static int epoll_fd;
static int64_t measure_from_us, stop_us;
static double warm_s = 5, measured_s = 20;

static struct {
  uint64_t playlists, parts, bytes, late, missed, errors, reconnects, undated;
  int64_t max_after_us;
  uint64_t after[LATENCY_BUCKETS], answer[LATENCY_BUCKETS];
} counted;

static void fail(const char *what) {
  fprintf(stderr, "viewer-load: %s: %s\n", what, errno ? strerror(errno) : "");
  exit(1);
}

static int64_t clock_us(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static double cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static uint64_t hash(const char *text, uint64_t value) {
  while (*text) value = (value ^ (uint8_t)*text++) * 1099511628211ULL;
  return value ? value : 1;
}

/* ---- connection ---- */

static void connect_client(struct client *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) fail("socket");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
  c->connected = 0;
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static void send_request(struct client *c) {
  char text[MAX_PATH + 256];
  int bytes = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n%s\r\n", c->path, port, authorization);
  c->bytes = 0;
  c->first_byte_us = 0;
  c->asked_us = clock_us(CLOCK_MONOTONIC);
  if (send(c->fd, text, (size_t)bytes, MSG_NOSIGNAL) != bytes) counted.errors++; /* the close that follows asks again */
}

static void reconnect(struct client *c) {
  counted.reconnects++;
  close(c->fd);
  c->fd = -1;
  c->bytes = 0;
  c->retry_us = clock_us(CLOCK_MONOTONIC) + RETRY_US;
}

/* ---- capture ---- */

static void write_capture(uint64_t name, const uint8_t *body, size_t bytes) {
  char path[MAX_PATH];
  for (uint64_t at = name; captured[at % CAPTURED_SLOTS] != name; at++) {
    if (captured[at % CAPTURED_SLOTS]) continue;
    captured[at % CAPTURED_SLOTS] = name;
    snprintf(path, sizeof path, "%s/%016llx", capture, (unsigned long long)name);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (fd < 0 || write(fd, body, bytes) != (ssize_t)bytes) fail(path);
    close(fd);
    return;
  }
}

static void capture_answer(struct client *c, const uint8_t *body, size_t bytes) {
  if (!capture || !measure_from_us) return;
  int64_t at_us = (c->is_part ? c->asked_us : c->first_byte_us) - measure_from_us;
  if (at_us < 0) return;
  uint64_t name = hash(c->path, 14695981039346656037ULL);
  if (!strstr(c->path, "_HLS_msn")) { /* the same address, another answer every time */
    char nonce[64];
    snprintf(nonce, sizeof nonce, "#%d-%u", c->index, c->asked);
    if (!c->is_part) name = hash(nonce, name);
  }
  write_capture(name, body, bytes);
  if (trace_count == trace_room) {
    trace_room = trace_room ? trace_room * 2 : 65536;
    trace = realloc(trace, trace_room * sizeof *trace);
    if (!trace) fail("memory");
  }
  trace[trace_count++] = (struct entry){at_us, c->index, c->is_part, name};
}

static void write_trace(void) {
  char path[MAX_PATH];
  snprintf(path, sizeof path, "%s/trace", capture);
  FILE *file = fopen(path, "w");
  if (!file) fail(path);
  for (size_t i = 0; i < trace_count; i++)
    fprintf(file, "%lld %d %d %016llx\n", (long long)trace[i].at_us, trace[i].client, trace[i].is_part, (unsigned long long)trace[i].name);
  fclose(file);
}

static int by_time(const void *a, const void *b) {
  int64_t d = ((const struct entry *)a)->at_us - ((const struct entry *)b)->at_us;
  return d < 0 ? -1 : d > 0;
}

static void load_trace(const char *folder) {
  char path[MAX_PATH];
  snprintf(path, sizeof path, "%s/trace", folder);
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  long long at_us;
  unsigned long long name;
  int client, is_part;
  while (fscanf(file, "%lld %d %d %llx", &at_us, &client, &is_part, &name) == 4) {
    if (client >= client_count) continue;
    if (trace_count == trace_room) {
      trace_room = trace_room ? trace_room * 2 : 65536;
      trace = realloc(trace, trace_room * sizeof *trace);
      if (!trace) fail("memory");
    }
    trace[trace_count++] = (struct entry){at_us, client, is_part, name};
  }
  fclose(file);
  if (!trace_count) fail("the trace is empty");
  qsort(trace, trace_count, sizeof *trace, by_time);
  own_entries = calloc((size_t)client_count, sizeof *own_entries);
  own_counts = calloc((size_t)client_count, sizeof *own_counts);
  for (size_t i = 0; i < trace_count; i++) own_counts[trace[i].client]++;
  for (int i = 0; i < client_count; i++) own_entries[i] = calloc(own_counts[i] + 1, sizeof **own_entries), own_counts[i] = 0;
  for (size_t i = 0; i < trace_count; i++) own_entries[trace[i].client][own_counts[trace[i].client]++] = i;
  measured_s = (double)trace[trace_count - 1].at_us / 1e6 + REPLAY_END_S;
}

/* ---- playlists ---- */

static double attribute_number(const char *line, const char *end, const char *name) {
  const char *at = memmem(line, (size_t)(end - line), name, strlen(name));
  return at ? atof(at + strlen(name)) : 0;
}

static void resolve(const char *base, const char *uri, size_t uri_bytes, char *out) {
  size_t base_bytes = 0;
  if (uri_bytes && uri[0] != '/') {
    const char *query = strchr(base, '?');
    size_t path_bytes = query ? (size_t)(query - base) : strlen(base);
    for (base_bytes = path_bytes; base_bytes && base[base_bytes - 1] != '/';) base_bytes--;
  }
  if (base_bytes + uri_bytes >= MAX_PATH) fail("an address is too long");
  memcpy(out, base, base_bytes);
  memcpy(out + base_bytes, uri, uri_bytes);
  out[base_bytes + uri_bytes] = 0;
}

/* Queues the parts after (msn, part). Returns 0 when this is not a playlist. */
static int take_playlist(struct client *c, const char *text, size_t bytes) {
  const char *end = text + bytes, *line = text;
  int first = c->msn < 0;
  long long msn = -1, part = 0, new_msn = c->msn, new_part = c->part;
  while (line < end) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    if (!stop) stop = end;
#define STARTS(tag) ((size_t)(stop - line) >= sizeof tag - 1 && !memcmp(line, tag, sizeof tag - 1))
    if (STARTS("#EXT-X-PART:")) {
      if (first) {
        new_msn = msn;
        new_part = part;
      } else if (msn > c->msn || (msn == c->msn && part > c->part)) {
        int follows = msn == new_msn ? part == new_part + 1 : msn == new_msn + 1 && part == 0;
        if (!follows && measure_from_us) counted.missed++;
        const char *uri = memmem(line, (size_t)(stop - line), "URI=\"", 5);
        const char *uri_end = uri ? memchr(uri + 5, '"', (size_t)(stop - uri - 5)) : NULL;
        if (!uri_end) return 0;
        if (c->wanted_to < MAX_WANTED_PARTS) {
          struct wanted_part *wanted = &c->wanted[c->wanted_to++];
          resolve(c->playlist, uri + 5, (size_t)(uri_end - uri - 5), wanted->path);
          wanted->duration_s = attribute_number(line, stop, "DURATION=");
        } else {
          counted.missed++;
        }
        new_msn = msn;
        new_part = part;
      }
      part++;
    } else if (STARTS("#EXT-X-MEDIA-SEQUENCE:")) {
      msn = atoll(line + 22);
    } else if (STARTS("#EXT-X-SKIP:")) {
      msn += (long long)attribute_number(line, stop, "SKIPPED-SEGMENTS=");
    } else if (STARTS("#EXT-X-PART-INF:")) {
      c->part_target_s = attribute_number(line, stop, "PART-TARGET=");
    } else if (STARTS("#EXT-X-SERVER-CONTROL:")) {
      c->can_skip = memmem(line, (size_t)(stop - line), "CAN-SKIP-UNTIL", 14) != NULL;
    } else if (line < stop && *line != '#' && *line != '\r') {
      msn++;
      part = 0;
    }
    line = stop + 1;
  }
  if (msn < 0) return 0;
  c->msn = new_msn < 0 ? msn : new_msn;
  c->part = new_msn < 0 ? -1 : new_part;
  /* The segment of the newest part is closed: the next part is the first of the open one. */
  if (msn > c->msn) {
    c->msn = msn;
    c->part = -1;
  }
  return 1;
}

/* ---- what to ask next ---- */

static void ask_next(struct client *c) {
  c->path[0] = 0;
  if (replaying) {
    if (c->next_entry >= c->due_entry) return;
    struct entry *e = &trace[own_entries[c->index][c->next_entry++]];
    snprintf(c->path, sizeof c->path, "/%016llx", (unsigned long long)e->name);
    c->is_part = e->is_part;
  } else if (c->wanted_from < c->wanted_to) {
    struct wanted_part *wanted = &c->wanted[c->wanted_from++];
    memcpy(c->path, wanted->path, sizeof c->path);
    c->duration_s = wanted->duration_s;
    c->is_part = 1;
  } else {
    c->wanted_from = c->wanted_to = 0;
    c->is_part = 0;
    int bytes;
    if (c->msn < 0)
      bytes = snprintf(c->path, sizeof c->path, "%s", c->playlist);
    else
      bytes = snprintf(c->path, sizeof c->path, "%s%s_HLS_msn=%lld&_HLS_part=%lld%s", c->playlist, strchr(c->playlist, '?') ? "&" : "?",
                       c->msn, c->part + 1, c->can_skip ? "&_HLS_skip=YES" : "");
    if (bytes >= MAX_PATH) fail("an address is too long");
  }
  c->asked++;
  send_request(c);
}

static void count_bucket(uint64_t *buckets, int64_t us) {
  int64_t at = us / 1000 + LATENCY_ZERO;
  buckets[at < 0 ? 0 : at >= LATENCY_BUCKETS ? LATENCY_BUCKETS - 1 : at]++;
}

static void take_part(struct client *c, const uint8_t *body, size_t bytes) {
  if (!measure_from_us) return;
  counted.parts++;
  count_bucket(counted.answer, clock_us(CLOCK_MONOTONIC) - c->asked_us);
  if (replaying) return;
  const uint8_t *at = memmem(body, bytes, SEND_TIME_UUID, 16);
  if (!at || at + 32 > body + bytes) {
    counted.undated++;
    return;
  }
  char digits[17];
  memcpy(digits, at + 16, 16);
  digits[16] = 0;
  int64_t whole_us = (int64_t)strtoull(digits, NULL, 16) + (int64_t)(c->duration_s * 1e6);
  int64_t after_us = clock_us(CLOCK_REALTIME) - whole_us;
  count_bucket(counted.after, after_us);
  if (after_us > counted.max_after_us) counted.max_after_us = after_us;
  if (after_us > (int64_t)(c->part_target_s * 1e6)) counted.late++;
}

/* Joins chunks (RFC 9112 section 7.1) in place. Returns the body's length, or -1 while it is not whole. */
static ssize_t join_chunks(uint8_t *body, size_t bytes, int move) {
  size_t from = 0, to = 0;
  for (;;) {
    uint8_t *line = memmem(body + from, bytes - from, "\r\n", 2);
    if (!line) return -1;
    size_t chunk = strtoul((char *)body + from, NULL, 16), at = (size_t)(line - body) + 2;
    if (at + chunk + 2 > bytes) return -1;
    if (!chunk) return (ssize_t)to;
    if (move) memmove(body + to, body + at, chunk);
    to += chunk;
    from = at + chunk + 2;
  }
}

/* Returns 1 when an answer was whole and has been dealt with. */
static int take_answer(struct client *c) {
  c->answer[c->bytes] = 0;
  uint8_t *head_end = memmem(c->answer, c->bytes, "\r\n\r\n", 4);
  if (!head_end) return 0;
  uint8_t *body = head_end + 4;
  size_t have = c->bytes - (size_t)(body - c->answer), body_bytes;
  *head_end = 0;
  char *length = strcasestr((char *)c->answer, "\nContent-Length:");
  int chunked = strcasestr((char *)c->answer, "\nTransfer-Encoding: chunked") != NULL;
  *head_end = '\r';
  if (chunked) {
    if (have < 5 || memcmp(body + have - 5, "0\r\n\r\n", 5) || join_chunks(body, have, 0) < 0) return 0;
    body_bytes = (size_t)join_chunks(body, have, 1);
  } else {
    body_bytes = length ? strtoul(length + 16, NULL, 10) : 0;
    if (have < body_bytes) return 0;
  }
  int status = atoi((char *)c->answer + 9);
  if (measure_from_us) counted.bytes += body_bytes;
  if (status != 200) {
    if (measure_from_us) counted.errors++;
    c->wanted_from = c->wanted_to = 0;
    c->msn = -1;
    c->path[0] = 0;
    c->retry_us = clock_us(CLOCK_MONOTONIC) + RETRY_US;
    return 1;
  }
  if (c->is_part) {
    take_part(c, body, body_bytes);
  } else {
    if (measure_from_us) counted.playlists++;
    if (!replaying && !take_playlist(c, (char *)body, body_bytes)) counted.errors++;
  }
  if (!replaying) capture_answer(c, body, body_bytes);
  ask_next(c);
  return 1;
}

static void read_answer(struct client *c) {
  for (;;) {
    if (c->room < c->bytes + 65536 + 1) {
      c->room = (c->bytes + 65536) * 2;
      if (c->room > MAX_ANSWER_BYTES) fail("an answer is too long");
      c->answer = realloc(c->answer, c->room);
      if (!c->answer) fail("memory");
    }
    size_t asked = c->room - c->bytes - 1;
    ssize_t got = recv(c->fd, c->answer + c->bytes, asked, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      reconnect(c);
      return;
    }
    if (!c->first_byte_us) c->first_byte_us = clock_us(CLOCK_MONOTONIC);
    c->bytes += (size_t)got;
    if (take_answer(c) || (size_t)got < asked) return;
  }
}

static void on_event(struct client *c, uint32_t events) {
  if (c->fd < 0) return;
  if (!c->connected) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error || events & (EPOLLERR | EPOLLHUP)) {
      reconnect(c);
      return;
    }
    c->connected = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
    if (c->path[0]) send_request(c); /* the request that the lost connection had under way */
    else ask_next(c);
    return;
  }
  if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) read_answer(c);
}

/* ---- run ---- */

static double quantile_ms(const uint64_t *buckets, double quantile) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < LATENCY_BUCKETS; i++) total += buckets[i];
  if (!total) return 0;
  for (int i = 0; i < LATENCY_BUCKETS; i++) {
    seen += buckets[i];
    if ((double)seen >= quantile * (double)total) return i + 1 - LATENCY_ZERO;
  }
  return 0;
}

static void load_playlists(const char *path, char **playlists, int *count) {
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  char line[MAX_PATH];
  while (fgets(line, sizeof line, file) && *count < MAX_PLAYLISTS) {
    line[strcspn(line, "\r\n")] = 0;
    if (*line) playlists[(*count)++] = strdup(line);
  }
  fclose(file);
  if (!*count) fail("no playlist");
}

int main(int argc, char **argv) {
  const char *list = NULL, *trace_folder = NULL;
  if (argc < 2) fail("live or replay");
  replaying = !strcmp(argv[1], "replay");
  for (int i = 2; i + 1 < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (!strcmp(name, "--port")) port = atoi(value);
    else if (!strcmp(name, "--clients")) client_count = atoi(value);
    else if (!strcmp(name, "--playlists")) list = value;
    else if (!strcmp(name, "--trace")) trace_folder = value;
    else if (!strcmp(name, "--capture")) capture = value;
    else if (!strcmp(name, "--token")) snprintf(authorization, sizeof authorization, "Authorization: Bearer %s\r\n", value);
    else if (!strcmp(name, "--warm")) warm_s = atof(value);
    else if (!strcmp(name, "--seconds")) measured_s = atof(value);
    else fail(name);
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  char *playlists[MAX_PLAYLISTS];
  int playlist_count = 0;
  if (replaying) {
    if (!trace_folder) fail("--trace is wanted");
    load_trace(trace_folder);
    warm_s = 1;
  } else {
    if (!list) fail("--playlists is wanted");
    load_playlists(list, playlists, &playlist_count);
  }
  epoll_fd = epoll_create1(0);
  clients = calloc((size_t)client_count, sizeof *clients);
  int64_t begun_us = clock_us(CLOCK_MONOTONIC);
  for (int i = 0; i < client_count; i++) {
    clients[i].index = i;
    clients[i].fd = -1;
    clients[i].msn = -1;
    clients[i].playlist = replaying ? "/" : playlists[i % playlist_count];
    /* Not all in the same moment: over half the warm time. */
    clients[i].retry_us = begun_us + (int64_t)(warm_s * 5e5 * i / client_count);
  }
  double cpu_from = 0;
  size_t next_due = 0;
  struct epoll_event events[512];
  int64_t looked_us = 0;
  for (;;) {
    int count = epoll_wait(epoll_fd, events, 512, replaying && measure_from_us ? 1 : 10);
    for (int i = 0; i < count; i++) on_event(events[i].data.ptr, events[i].events);
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    if (!measure_from_us && now_us > begun_us + (int64_t)(warm_s * 1e6)) {
      measure_from_us = now_us;
      stop_us = now_us + (int64_t)(measured_s * 1e6);
      cpu_from = cpu_us();
      memset(&counted, 0, sizeof counted);
      puts("{\"measuring\":true}");
      fflush(stdout);
    }
    if (replaying && measure_from_us)
      for (; next_due < trace_count && trace[next_due].at_us <= now_us - measure_from_us; next_due++) {
        struct client *c = &clients[trace[next_due].client];
        c->due_entry++;
        if (c->connected && c->fd >= 0 && !c->path[0]) ask_next(c);
      }
    if (now_us - looked_us > 10000) {
      looked_us = now_us;
      for (int i = 0; i < client_count; i++) {
        struct client *c = &clients[i];
        if (!c->retry_us || now_us < c->retry_us) continue;
        c->retry_us = 0;
        if (c->fd < 0) connect_client(c);
        else if (!c->path[0]) ask_next(c);
      }
    }
    if (stop_us && now_us >= stop_us) break;
  }
  double seconds = (double)(clock_us(CLOCK_MONOTONIC) - measure_from_us) / 1e6;
  printf("{\"seconds\":%.3f,\"playlists\":%llu,\"parts\":%llu,\"bytes\":%llu,\"errors\":%llu,\"reconnects\":%llu,\"missedParts\":%llu,"
         "\"lateParts\":%llu,\"undatedParts\":%llu,\"afterP50Ms\":%.0f,\"afterP99Ms\":%.0f,\"afterMaxMs\":%.0f,"
         "\"answerP50Ms\":%.0f,\"answerP99Ms\":%.0f,\"cpuPercent\":%.1f}\n",
         seconds, (unsigned long long)counted.playlists, (unsigned long long)counted.parts, (unsigned long long)counted.bytes,
         (unsigned long long)counted.errors, (unsigned long long)counted.reconnects, (unsigned long long)counted.missed,
         (unsigned long long)counted.late, (unsigned long long)counted.undated, quantile_ms(counted.after, 0.5),
         quantile_ms(counted.after, 0.99), (double)counted.max_after_us / 1000, quantile_ms(counted.answer, 0.5),
         quantile_ms(counted.answer, 0.99), (cpu_us() - cpu_from) / seconds / 1e4);
  fflush(stdout);
  if (capture) write_trace();
  puts("{\"done\":true}");
  return 0;
}
