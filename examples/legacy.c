// SPDX-License-Identifier: Apache-2.0
// A program as one finds them: printf here, a JSON logger there, a library that speaks logfmt, a
// stack trace out of nowhere, and two requests served at once. It knows nothing of Waybill.
//
//   cc -std=c99 -o legacy legacy.c
//   ./legacy | waybill              the tour, in about a second
//   ./legacy --slow | waybill       a line every 200 ms: see what a pipe does to printf
//   waybill exec -- ./legacy --slow the same, but every line appears at once
//   waybill exec -- ./legacy --crash    its last words before abort() arrive, too
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long nap_ms = 40;

// The time as this program's own printf lines have it: "2026-01-02 03:04:05,678", local.
static const char *stamp(void) {
  static char text[64];
  struct timespec now;
  char seconds[32];
  clock_gettime(CLOCK_REALTIME, &now);
  strftime(seconds, sizeof seconds, "%Y-%m-%d %H:%M:%S", localtime(&now.tv_sec));
  snprintf(text, sizeof text, "%s,%03ld", seconds, now.tv_nsec / 1000000);
  return text;
}

// The time as its JSON logger has it: seconds since the epoch.
static double epoch(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1e3;
}

static void work(void) {
  struct timespec nap = {nap_ms / 1000, nap_ms % 1000 * 1000000};
  nanosleep(&nap, NULL);
}

// The home-made logger that every old program has.
static void say(const char *level, const char *thread, const char *format, ...) {
  va_list arguments;
  printf("%s %-5s [%s] ", stamp(), level, thread);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  work();
}

static void start_up(void) {
  printf("shop 2.1 starting with 4 workers\n");
  work();
  say("INFO", "main", "listening on 0.0.0.0:8080");
  printf("level=info msg=\"cache warmed\" entries=1204 took=38ms source=disk\n");
  work();
}

// A cart is shown and a payment fails, at the same time.
static void serve_two_requests(void) {
  say("INFO", "worker-1", "GET /cart request_id=req-7f3a "
      "traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  say("INFO", "worker-2", "POST /pay request_id=req-91bc amount=129.90");
  printf("{\"level\":\"info\",\"ts\":%.3f,\"logger\":\"db\",\"caller\":\"db/pool.go:88\","
         "\"msg\":\"query done\",\"request_id\":\"req-7f3a\","
         "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"53995c3f42cd8ad8\","
         "\"sql\":\"select * from cart where id = $1\",\"rows\":3,\"took_ms\":12.5}\n", epoch());
  work();
  say("WARN", "worker-2", "card gateway is slow, trying again request_id=req-91bc attempt=2");
  say("INFO", "worker-1", "GET /cart done request_id=req-7f3a status=200 took=31ms");
  printf("{\"level\":\"error\",\"ts\":%.3f,\"logger\":\"pay\",\"caller\":\"pay/charge.go:41\","
         "\"msg\":\"payment failed\",\"request_id\":\"req-91bc\","
         "\"error\":\"card gateway: connection refused\","
         "\"customer\":{\"id\":8812,\"country\":\"DE\"},\"retries\":[50,100,200]}\n", epoch());
  work();
}

static void lose_its_temper(void) {
  say("ERROR", "worker-2", "unhandled exception request_id=req-91bc");
  printf("java.lang.IllegalStateException: gateway unreachable after 3 attempts\n"
         "\tat shop.pay.Gateway.charge(Gateway.java:112)\n"
         "\tat shop.pay.Checkout.pay(Checkout.java:57)\n"
         "Caused by: java.net.ConnectException: Connection refused\n"
         "\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n"
         "\t... 2 more\n");
  work();
  say("INFO", "worker-2", "POST /pay done request_id=req-91bc status=502 took=187ms");
}

// printf and nothing else: no fflush, no exit handlers. In a pipe this would all be gone.
static void crash(void) {
  printf("warning: heap looks damaged\n");
  printf("FATAL: double free in session 4711\n");
  printf("last words of a legacy program\n");
  abort();
}

int main(int argc, char **argv) {
  int crashes = 0;
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--crash") == 0) {
      crashes = 1;
    } else if (strcmp(argv[i], "--slow") == 0) {
      nap_ms = 200;
    } else {
      fprintf(stderr, "usage: %s [--slow] [--crash]\n", argv[0]);
      return 2;
    }
  }
  start_up();
  serve_two_requests();
  lose_its_temper();
  if (crashes) crash();
  printf("warning: disk 91%% full on /var/lib/shop\n");
  work();
  say("INFO", "main", "bye");
  return 0;
}
