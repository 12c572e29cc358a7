/*
 * feeder: one thread that plays one H.264 clip to any number of RTSP clients as so many cameras would.
 *
 *   feeder --clip FILE [--port 0] [--mode picture|packet] [--fps 25] [--spread 80] [--grain 200]
 *
 * Every path /cam<i> is a camera. A camera's picture number is a function of the clock alone, so its
 * RTP sequence and timestamps run on whoever is watching. Cameras differ in phase within the frame
 * interval and in their place in the clip, so neither pictures nor key pictures come in step.
 *
 * picture: a picture's packets leave in one write. packet: every packet is a write of its own, spread over
 * `spread` per cent of the frame interval.
 *
 * The clip is packetised once (RFC 6184: STAP-A for parameter sets, single NAL units, FU-A; packets of at
 * most 1,400 bytes) into interleaved frames (RFC 2326 section 10.12). Before every picture goes an SEI
 * NAL unit of our own, user_data_unregistered: SEND_TIME_UUID, then 16 hex digits of CLOCK_REALTIME in
 * microseconds at the send, then 8 hex digits of the picture number. Hex, so that no start code can
 * ever appear in it.
 *
 * Prints {"ready":true,"port":n} and, on SIGUSR1 and at the end, one line of JSON with what happened
 * since the line before. "late" is a send more than LATE_US behind its time.
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
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 8192
#define MAX_RTP_BYTES 1400
#define MAX_PICTURES 4096
#define REQUEST_BYTES 4096           /* a longer request closes the connection */
#define PENDING_BYTES (1024 * 1024)  /* unsent bytes kept for a client; what does not fit is dropped and counted */
#define WHEEL_SLOTS 4096             /* more than a frame interval */
#define LATE_US 10000
#define LAG_BUCKETS 1000             /* of 100 us each */
#define TICKS_PER_SECOND 90000

static const uint8_t SEND_TIME_UUID[16] = {0xc7, 0x1e, 0x5e, 0x4d, 0x7a, 0x4b, 0x4f, 0x0e,
                                           0x9d, 0x5b, 0x63, 0x63, 0x74, 0x76, 0x62, 0x31};

struct packet {
  uint32_t offset; /* of '$' in the clip's wire bytes */
  uint32_t bytes;
};

struct picture {
  uint32_t first_packet, packets;
  uint32_t offset, bytes;  /* contiguous on the wire */
  uint32_t sent_at_offset; /* of the hex digits in the SEI */
};

static struct picture pictures[MAX_PICTURES];
static int picture_count;
static struct packet *packets;
static uint32_t packet_count, packet_room;
static uint8_t *wire;
static uint32_t wire_bytes, wire_room;
static uint8_t sps[256], pps[256];
static size_t sps_bytes, pps_bytes;

struct client {
  int fd;
  int camera;
  int playing;
  int paused_until_resume; /* dropping the rest of a picture in packet mode */
  uint8_t channel;
  uint64_t picture;        /* next to send, counted from the feeder's start */
  uint32_t packet;         /* next within it (packet mode) */
  int64_t picture_due_us;
  int64_t next_due_us;     /* of the next picture, or the next packet of it */
  uint64_t send_time_us;
  char request[REQUEST_BYTES];
  int request_bytes;
  uint8_t *pending;
  uint32_t pending_from, pending_to;
  int wants_write;
  struct client *before, *after; /* others due in the same slot */
  int slot;                      /* of the wheel; -1 when not in it */
};

static struct client *clients[MAX_CLIENTS];
static int client_count, playing_count;
static int packet_mode;
static int64_t interval_us = 40000;
static int spread_percent = 80;
/* The clock's grain. Cameras are in step with nothing, so finer is truer; a wake-up costs some 20 us on a virtual machine. */
static int64_t slot_us = 200;
static int64_t start_us;
static int epoll_fd;

/* Playing clients by when they are due next. */
static struct client *wheel[WHEEL_SLOTS];
static int64_t next_slot; /* slots since start_us not yet served */

static struct {
  uint64_t pictures, packets, bytes, late, dropped_pictures, partial_writes, closed;
  int64_t max_lag_us;
  uint64_t lag[LAG_BUCKETS + 1];
} counted;
static int64_t counted_since_us;
static double counted_cpu_us;

static volatile sig_atomic_t stop, report_wanted;

static void fail(const char *what) {
  fprintf(stderr, "feeder: %s: %s\n", what, errno ? strerror(errno) : "");
  exit(1);
}

static int64_t monotonic_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint64_t wall_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)(t.tv_nsec / 1000);
}

static double cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* ---- packetising ---- */

static uint8_t *wire_take(uint32_t bytes) {
  if (wire_bytes + bytes > wire_room) {
    wire_room = (wire_bytes + bytes) * 2;
    wire = realloc(wire, wire_room);
    if (!wire) fail("memory");
  }
  uint8_t *at = wire + wire_bytes;
  wire_bytes += bytes;
  return at;
}

/* Room for one interleaved RTP packet; returns where its payload goes. */
static uint8_t *add_packet(uint32_t payload_bytes) {
  if (packet_count == packet_room) {
    packet_room = packet_room ? packet_room * 2 : 1024;
    packets = realloc(packets, packet_room * sizeof *packets);
    if (!packets) fail("memory");
  }
  uint32_t rtp_bytes = 12 + payload_bytes;
  packets[packet_count].offset = wire_bytes;
  packets[packet_count].bytes = 4 + rtp_bytes;
  packet_count++;
  uint8_t *at = wire_take(4 + rtp_bytes);
  at[0] = '$';
  at[1] = 0;
  at[2] = rtp_bytes >> 8;
  at[3] = rtp_bytes & 255;
  at[4] = 0x80;
  at[5] = 96;
  memset(at + 6, 0, 6); /* sequence and timestamp are written at the send */
  memcpy(at + 12, "cctv", 4);
  return at + 16;
}

static void add_nal(const uint8_t *nal, size_t bytes) {
  const size_t most = MAX_RTP_BYTES - 12;
  if (bytes <= most) {
    memcpy(add_packet(bytes), nal, bytes);
    return;
  }
  uint8_t indicator = (nal[0] & 0xe0) | 28, type = nal[0] & 0x1f;
  size_t from = 1;
  while (from < bytes) {
    size_t take = bytes - from < most - 2 ? bytes - from : most - 2;
    uint8_t *payload = add_packet(take + 2);
    payload[0] = indicator;
    payload[1] = type | (from == 1 ? 0x80 : 0) | (from + take == bytes ? 0x40 : 0);
    memcpy(payload + 2, nal + from, take);
    from += take;
  }
}

static void add_parameter_sets(void) {
  uint8_t *payload = add_packet(1 + 2 + sps_bytes + 2 + pps_bytes);
  *payload++ = (sps[0] & 0x60) | 24;
  *payload++ = sps_bytes >> 8;
  *payload++ = sps_bytes & 255;
  memcpy(payload, sps, sps_bytes);
  payload += sps_bytes;
  *payload++ = pps_bytes >> 8;
  *payload++ = pps_bytes & 255;
  memcpy(payload, pps, pps_bytes);
}

static void add_send_time(struct picture *picture) {
  const uint32_t message_bytes = 16 + 16 + 8;
  uint8_t *nal = add_packet(1 + 2 + message_bytes + 1);
  nal[0] = 6;
  nal[1] = 5; /* user_data_unregistered */
  nal[2] = message_bytes;
  memcpy(nal + 3, SEND_TIME_UUID, 16);
  memset(nal + 19, '0', 24);
  nal[19 + 24] = 0x80;
  picture->sent_at_offset = (uint32_t)(nal + 19 - wire);
}

static void begin_picture(int is_random_access) {
  if (picture_count == MAX_PICTURES) fail("the clip has too many pictures");
  struct picture *picture = &pictures[picture_count++];
  picture->first_packet = packet_count;
  picture->offset = wire_bytes;
  if (is_random_access) {
    if (!sps_bytes || !pps_bytes) fail("the clip begins without parameter sets");
    add_parameter_sets();
  }
  add_send_time(picture);
}

static void end_picture(void) {
  if (!picture_count) return;
  struct picture *picture = &pictures[picture_count - 1];
  picture->packets = packet_count - picture->first_packet;
  picture->bytes = wire_bytes - picture->offset;
  wire[packets[packet_count - 1].offset + 5] |= 0x80; /* marker */
}

/* Annex B. Parameter sets are kept, other SEI and delimiters left out, slices made into packets. */
static void load_clip(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  fseek(file, 0, SEEK_END);
  size_t bytes = ftell(file);
  rewind(file);
  uint8_t *clip = malloc(bytes);
  if (!clip || fread(clip, 1, bytes, file) != bytes) fail(path);
  fclose(file);
  size_t at = 0;
  while (at + 3 < bytes && !(clip[at] == 0 && clip[at + 1] == 0 && clip[at + 2] == 1)) at++;
  while (at + 3 < bytes) {
    size_t from = at + 3, to = from;
    while (to + 2 < bytes && !(clip[to] == 0 && clip[to + 1] == 0 && clip[to + 2] <= 1)) to++;
    if (to + 2 >= bytes) to = bytes;
    at = to;
    while (at + 2 < bytes && !(clip[at] == 0 && clip[at + 1] == 0 && clip[at + 2] == 1)) at++;
    if (at + 2 >= bytes) at = bytes;
    const uint8_t *nal = clip + from;
    size_t nal_bytes = to - from;
    if (nal_bytes < 2) continue;
    int type = nal[0] & 0x1f;
    if (type == 7 && nal_bytes <= sizeof sps) {
      memcpy(sps, nal, nal_bytes);
      sps_bytes = nal_bytes;
    } else if (type == 8 && nal_bytes <= sizeof pps) {
      memcpy(pps, nal, nal_bytes);
      pps_bytes = nal_bytes;
    } else if (type == 1 || type == 5) {
      if (nal[1] & 0x80) { /* first_mb_in_slice is 0 */
        end_picture();
        begin_picture(type == 5);
      }
      add_nal(nal, nal_bytes);
    }
  }
  end_picture();
  free(clip);
  if (!picture_count) fail("no picture in the clip");
}

/* ---- a camera's clock ---- */

static double golden_fraction(int camera) {
  double x = camera * 0.6180339887498949;
  return x - (int64_t)x;
}

static int64_t phase_us(int camera) {
  return (int64_t)(golden_fraction(camera) * (double)(interval_us / slot_us)) * slot_us;
}

static uint32_t clip_index(const struct client *c) { return (c->picture + (uint32_t)c->camera * 7) % picture_count; }

static uint32_t first_sequence(const struct client *c) {
  uint64_t played = c->picture + (uint32_t)c->camera * 7;
  return (uint32_t)(played / picture_count) * packet_count + pictures[clip_index(c)].first_packet;
}

static uint32_t rtp_timestamp(const struct client *c) {
  return (uint32_t)(c->picture * (TICKS_PER_SECOND * (uint64_t)interval_us / 1000000));
}

static void patch_packet(const struct client *c, uint32_t index, uint32_t sequence, uint32_t timestamp) {
  uint8_t *at = wire + packets[index].offset;
  at[1] = c->channel;
  at[6] = sequence >> 8;
  at[7] = sequence;
  at[8] = timestamp >> 24;
  at[9] = timestamp >> 16;
  at[10] = timestamp >> 8;
  at[11] = timestamp;
}

static void put_hex(uint8_t *at, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value >>= 4) at[i] = "0123456789abcdef"[value & 15];
}

static void patch_send_time(struct client *c, const struct picture *picture) {
  put_hex(wire + picture->sent_at_offset, c->send_time_us, 16);
  put_hex(wire + picture->sent_at_offset + 16, c->picture, 8);
}

/* ---- the wheel ---- */

static void wheel_remove(struct client *c) {
  if (c->slot < 0) return;
  if (c->before) c->before->after = c->after;
  else wheel[c->slot] = c->after;
  if (c->after) c->after->before = c->before;
  c->slot = -1;
}

static void wheel_insert(struct client *c) {
  int64_t slot = (c->next_due_us - start_us + slot_us - 1) / slot_us;
  if (slot < next_slot) slot = next_slot; /* overdue: served at once */
  c->slot = (int)(slot % WHEEL_SLOTS);
  c->before = NULL;
  c->after = wheel[c->slot];
  if (c->after) c->after->before = c;
  wheel[c->slot] = c;
}

/* ---- sending ---- */

static void close_client(struct client *c);

static void watch(struct client *c) {
  struct epoll_event event = {.events = EPOLLIN | (c->wants_write ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* Keeps what the socket did not take. Returns 0 if it does not fit: nothing of it is kept then. */
static int keep(struct client *c, const uint8_t *bytes, uint32_t count) {
  if (!c->pending) {
    c->pending = malloc(PENDING_BYTES);
    if (!c->pending) fail("memory");
  }
  if (c->pending_from && c->pending_to + count > PENDING_BYTES) {
    memmove(c->pending, c->pending + c->pending_from, c->pending_to - c->pending_from);
    c->pending_to -= c->pending_from;
    c->pending_from = 0;
  }
  if (c->pending_to + count > PENDING_BYTES) return 0;
  memcpy(c->pending + c->pending_to, bytes, count);
  c->pending_to += count;
  if (!c->wants_write) {
    c->wants_write = 1;
    watch(c);
  }
  return 1;
}

/* Returns 0 when the bytes were dropped whole, -1 when the connection is gone. */
static int send_bytes(struct client *c, const uint8_t *bytes, uint32_t count) {
  if (c->wants_write) return keep(c, bytes, count);
  ssize_t sent = send(c->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == (ssize_t)count) return 1;
  if (sent < 0) {
    if (errno != EAGAIN) return -1;
    sent = 0;
  }
  counted.partial_writes++;
  return keep(c, bytes + sent, count - (uint32_t)sent);
}

static void flush_pending(struct client *c) {
  while (c->pending_from < c->pending_to) {
    ssize_t sent = send(c->fd, c->pending + c->pending_from, c->pending_to - c->pending_from, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno != EAGAIN) close_client(c);
      return;
    }
    c->pending_from += (uint32_t)sent;
  }
  c->pending_from = c->pending_to = 0;
  c->wants_write = 0;
  watch(c);
}

static void count_lag(int64_t lag_us) {
  if (lag_us < 0) lag_us = 0;
  if (lag_us > counted.max_lag_us) counted.max_lag_us = lag_us;
  if (lag_us > LATE_US) counted.late++;
  int64_t bucket = lag_us / 100;
  counted.lag[bucket > LAG_BUCKETS ? LAG_BUCKETS : bucket]++;
}

static void send_picture(struct client *c, int64_t now_us) {
  const struct picture *picture = &pictures[clip_index(c)];
  uint32_t sequence = first_sequence(c), timestamp = rtp_timestamp(c);
  for (uint32_t i = 0; i < picture->packets; i++) patch_packet(c, picture->first_packet + i, sequence + i, timestamp);
  c->send_time_us = wall_us();
  patch_send_time(c, picture);
  count_lag(now_us - c->picture_due_us);
  int result = send_bytes(c, wire + picture->offset, picture->bytes);
  c->picture++;
  c->picture_due_us += interval_us;
  c->next_due_us = c->picture_due_us;
  if (result < 0) {
    close_client(c);
    return;
  }
  if (result == 0) {
    counted.dropped_pictures++;
    return;
  }
  counted.pictures++;
  counted.packets += picture->packets;
  counted.bytes += picture->bytes;
}

/* Sends the packets of one client that are due. */
static void send_packets(struct client *c, int64_t now_us) {
  while (c->next_due_us <= now_us) {
    const struct picture *picture = &pictures[clip_index(c)];
    uint32_t index = picture->first_packet + c->packet;
    if (c->packet == 0) c->send_time_us = wall_us();
    count_lag(now_us - c->next_due_us);
    if (!c->paused_until_resume) {
      patch_packet(c, index, first_sequence(c) + c->packet, rtp_timestamp(c));
      /* The clip's bytes are everybody's: the SEI is written again just before its packet leaves. */
      if (packets[index].offset <= picture->sent_at_offset && picture->sent_at_offset < packets[index].offset + packets[index].bytes)
        patch_send_time(c, picture);
      int result = send_bytes(c, wire + packets[index].offset, packets[index].bytes);
      if (result < 0) {
        close_client(c);
        return;
      }
      if (result == 0) {
        counted.dropped_pictures++;
        c->paused_until_resume = 1;
      } else {
        counted.packets++;
        counted.bytes += packets[index].bytes;
      }
    }
    if (++c->packet == picture->packets) {
      counted.pictures++;
      c->packet = 0;
      c->paused_until_resume = 0;
      c->picture++;
      c->picture_due_us += interval_us;
    }
    c->next_due_us = c->picture_due_us +
                     (int64_t)c->packet * (interval_us * spread_percent / 100) / pictures[clip_index(c)].packets;
  }
}

static void start_playing(struct client *c) {
  int64_t since_us = monotonic_us() - start_us - phase_us(c->camera);
  c->picture = since_us < 0 ? 0 : (uint64_t)(since_us / interval_us) + 1;
  c->picture_due_us = start_us + phase_us(c->camera) + (int64_t)c->picture * interval_us;
  c->next_due_us = c->picture_due_us;
  c->packet = 0;
  c->playing = 1;
  wheel_insert(c);
  playing_count++;
}

static void stop_playing(struct client *c) {
  if (!c->playing) return;
  c->playing = 0;
  playing_count--;
  wheel_remove(c);
}

/* Freed only between rounds: a round may still hold the pointer. */
static struct client *closed_clients[MAX_CLIENTS];
static int closed_count;

static void close_client(struct client *c) {
  if (c->fd < 0) return;
  if (c->playing) counted.closed++;
  stop_playing(c);
  close(c->fd);
  c->fd = -1;
  for (int i = 0; i < client_count; i++)
    if (clients[i] == c) {
      clients[i] = clients[--client_count];
      break;
    }
  closed_clients[closed_count++] = c;
}

static void free_closed(void) {
  while (closed_count) {
    struct client *c = closed_clients[--closed_count];
    free(c->pending);
    free(c);
  }
}

/* ---- RTSP ---- */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64(const uint8_t *bytes, size_t count, char *out) {
  for (size_t i = 0; i < count; i += 3) {
    uint32_t v = bytes[i] << 16 | (i + 1 < count ? bytes[i + 1] << 8 : 0) | (i + 2 < count ? bytes[i + 2] : 0);
    *out++ = BASE64[v >> 18];
    *out++ = BASE64[(v >> 12) & 63];
    *out++ = i + 1 < count ? BASE64[(v >> 6) & 63] : '=';
    *out++ = i + 2 < count ? BASE64[v & 63] : '=';
  }
  *out = 0;
}

static void reply(struct client *c, int cseq, const char *status, const char *headers, const char *body) {
  char text[REQUEST_BYTES];
  int bytes = snprintf(text, sizeof text, "RTSP/1.0 %s\r\nCSeq: %d\r\nServer: bench-feeder\r\n%s", status, cseq, headers);
  if (body && *body)
    bytes += snprintf(text + bytes, sizeof text - bytes, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
  else
    bytes += snprintf(text + bytes, sizeof text - bytes, "\r\n");
  if (send_bytes(c, (uint8_t *)text, (uint32_t)bytes) < 0) close_client(c);
}

static void answer(struct client *c, char *request) {
  char method[32] = "", url[512] = "";
  sscanf(request, "%31s %511s", method, url);
  char *header = strcasestr(request, "\nCSeq:");
  int cseq = header ? atoi(header + 6) : 0;
  char *cam = strstr(url, "/cam");
  if (cam) c->camera = atoi(cam + 4);
  char headers[1024];
  const char *session = "Session: 63637476;timeout=60\r\n";
  if (!strcmp(method, "OPTIONS")) {
    reply(c, cseq, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n", NULL);
  } else if (!strcmp(method, "DESCRIBE")) {
    char sps64[512], pps64[512], body[2048];
    base64(sps, sps_bytes, sps64);
    base64(pps, pps_bytes, pps64);
    snprintf(body, sizeof body,
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam%d\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
             "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=framerate:%d\r\n"
             "a=fmtp:96 packetization-mode=1;profile-level-id=%02X%02X%02X;sprop-parameter-sets=%s,%s\r\n"
             "a=control:trackID=1\r\n",
             c->camera, (int)(1000000 / interval_us), sps[1], sps[2], sps[3], sps64, pps64);
    snprintf(headers, sizeof headers, "Content-Base: %s/\r\nContent-Type: application/sdp\r\n", url);
    reply(c, cseq, "200 OK", headers, body);
  } else if (!strcmp(method, "SETUP")) {
    char *transport = strcasestr(request, "\nTransport:");
    if (!transport || !strcasestr(transport, "RTP/AVP/TCP")) {
      reply(c, cseq, "461 Unsupported Transport", "", NULL);
      return;
    }
    char *interleaved = strcasestr(transport, "interleaved=");
    c->channel = interleaved ? (uint8_t)atoi(interleaved + 12) : 0;
    snprintf(headers, sizeof headers, "%sTransport: RTP/AVP/TCP;unicast;interleaved=%d-%d;ssrc=63637476\r\n", session, c->channel,
             c->channel + 1);
    reply(c, cseq, "200 OK", headers, NULL);
  } else if (!strcmp(method, "PLAY")) {
    if (!c->playing) start_playing(c);
    snprintf(headers, sizeof headers, "%sRange: npt=0.000-\r\nRTP-Info: url=%s/trackID=1;seq=%u;rtptime=%u\r\n", session, url,
             first_sequence(c) & 0xffff, rtp_timestamp(c));
    reply(c, cseq, "200 OK", headers, NULL);
  } else if (!strcmp(method, "TEARDOWN")) {
    stop_playing(c);
    reply(c, cseq, "200 OK", session, NULL);
  } else if (!strcmp(method, "GET_PARAMETER") || !strcmp(method, "SET_PARAMETER")) {
    reply(c, cseq, "200 OK", session, NULL);
  } else {
    reply(c, cseq, "501 Not Implemented", "", NULL);
  }
}

static void read_requests(struct client *c) {
  ssize_t got = recv(c->fd, c->request + c->request_bytes, REQUEST_BYTES - 1 - c->request_bytes, MSG_DONTWAIT);
  if (got <= 0) {
    if (got < 0 && errno == EAGAIN) return;
    close_client(c);
    return;
  }
  c->request_bytes += (int)got;
  while (c->request_bytes > 0 && c->fd >= 0) {
    int used = 0;
    if (c->request[0] == '$') { /* RTCP from the receiver: skipped */
      if (c->request_bytes < 4) return;
      used = 4 + ((uint8_t)c->request[2] << 8 | (uint8_t)c->request[3]);
      if (used >= REQUEST_BYTES) {
        close_client(c);
        return;
      }
      if (c->request_bytes < used) return;
    } else {
      c->request[c->request_bytes] = 0;
      char *end = strstr(c->request, "\r\n\r\n");
      if (!end) {
        if (c->request_bytes >= REQUEST_BYTES - 1) close_client(c);
        return;
      }
      used = (int)(end - c->request) + 4;
      end[2] = 0;
      char *length = strcasestr(c->request, "\nContent-Length:");
      if (length) used += atoi(length + 16);
      if (used > c->request_bytes) {
        end[2] = '\r';
        return;
      }
      answer(c, c->request);
    }
    c->request_bytes -= used;
    memmove(c->request, c->request + used, c->request_bytes);
  }
}

static void accept_clients(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (client_count == MAX_CLIENTS) {
      close(fd);
      continue;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct client *c = calloc(1, sizeof *c);
    if (!c) fail("memory");
    c->fd = fd;
    c->slot = -1;
    clients[client_count++] = c;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

/* ---- the clock ---- */

/* Serves the slots that are over, oldest first. A client goes back into the wheel at a later slot, at once the
 * next when it is overdue. */
static void serve_due(void) {
  int64_t now_us = monotonic_us();
  while (start_us + next_slot * slot_us <= now_us) {
    int slot = (int)(next_slot % WHEEL_SLOTS);
    next_slot++;
    while (wheel[slot]) {
      struct client *c = wheel[slot];
      wheel_remove(c);
      if (packet_mode) send_packets(c, monotonic_us());
      else send_picture(c, monotonic_us());
      if (c->playing) wheel_insert(c);
    }
  }
}

static double lag_quantile_ms(double quantile) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i <= LAG_BUCKETS; i++) total += counted.lag[i];
  for (int i = 0; i <= LAG_BUCKETS; i++) {
    seen += counted.lag[i];
    if ((double)seen >= quantile * (double)total) return (i + 1) / 10.0;
  }
  return 0;
}

static void report(void) {
  int64_t now_us = monotonic_us();
  double seconds = (double)(now_us - counted_since_us) / 1e6, cpu = cpu_us() - counted_cpu_us;
  printf("{\"mode\":\"%s\",\"seconds\":%.3f,\"playing\":%d,\"pictures\":%llu,\"packets\":%llu,\"bytes\":%llu,\"late\":%llu,"
         "\"droppedPictures\":%llu,\"partialWrites\":%llu,\"closed\":%llu,\"lagP50Ms\":%.1f,\"lagP99Ms\":%.1f,\"lagMaxMs\":%.1f,"
         "\"cpuPercent\":%.1f}\n",
         packet_mode ? "packet" : "picture", seconds, playing_count, (unsigned long long)counted.pictures,
         (unsigned long long)counted.packets, (unsigned long long)counted.bytes, (unsigned long long)counted.late,
         (unsigned long long)counted.dropped_pictures, (unsigned long long)counted.partial_writes,
         (unsigned long long)counted.closed, lag_quantile_ms(0.5), lag_quantile_ms(0.99), (double)counted.max_lag_us / 1000,
         cpu / seconds / 1e4);
  fflush(stdout);
  memset(&counted, 0, sizeof counted);
  counted_since_us = now_us;
  counted_cpu_us = cpu_us();
}

static void on_signal(int number) {
  if (number == SIGUSR1)
    report_wanted = 1;
  else
    stop = 1;
}

int main(int argc, char **argv) {
  const char *clip = NULL;
  int port = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (!strcmp(name, "--clip")) clip = value;
    else if (!strcmp(name, "--port")) port = atoi(value);
    else if (!strcmp(name, "--mode")) packet_mode = !strcmp(value, "packet");
    else if (!strcmp(name, "--fps")) interval_us = 1000000 / atoi(value);
    else if (!strcmp(name, "--spread")) spread_percent = atoi(value);
    else if (!strcmp(name, "--grain")) slot_us = atoi(value);
    else fail(name);
  }
  if (!clip) fail("--clip is wanted");
  load_clip(clip);
  if (slot_us < 1) fail("--grain is in microseconds");
  interval_us -= interval_us % slot_us;
  if (interval_us / slot_us >= WHEEL_SLOTS) fail("--fps is too low for this --grain");
  /* Nothing started by a benchmark outlives it. */
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_TIMERSLACK, 1UL);
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);

  epoll_fd = epoll_create1(0);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec every = {{0, slot_us * 1000}, {0, slot_us * 1000}};
  timerfd_settime(timer, 0, &every, NULL);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  event.data.ptr = &timer;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer, &event);
  start_us = counted_since_us = monotonic_us();
  counted_cpu_us = cpu_us();
  printf("{\"ready\":true,\"port\":%d,\"pictures\":%d,\"packets\":%u}\n", ntohs(address.sin_port), picture_count, packet_count);
  fflush(stdout);

  struct epoll_event events[256];
  while (!stop) {
    int count = epoll_wait(epoll_fd, events, 256, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &timer) {
        uint64_t expirations;
        if (read(timer, &expirations, sizeof expirations) > 0) serve_due();
      } else if (events[i].data.ptr == &listener) {
        accept_clients(listener);
      } else {
        struct client *c = events[i].data.ptr;
        if (c->fd >= 0 && events[i].events & EPOLLOUT) flush_pending(c);
        if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_requests(c);
      }
    }
    free_closed();
    if (report_wanted) {
      report_wanted = 0;
      report();
    }
  }
  report();
  return 0;
}
