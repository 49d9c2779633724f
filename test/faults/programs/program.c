/*
 * The program of the fault tests: says its version, and answers a preflight. VERSION comes from the compiler's command line.
 *
 * The release id, which the program cannot know before it is signed, comes in by FAULTS_IDS: "1.0.0=<id>,1.1.0=<id>".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  const char *nonce = getenv("PEERPATCH_PREFLIGHT");
  const char *ids = getenv("FAULTS_IDS");
  if (nonce && ids) {
    const char *own = strstr(ids, VERSION "=");
    FILE *answer = fdopen(3, "w");
    if (own && answer)
      fprintf(answer, "{\"peerpatch\":1,\"nonce\":\"%s\",\"version\":\"" VERSION "\",\"id\":\"%.64s\"}\n", nonce,
              own + strlen(VERSION "="));
    return answer && fclose(answer) == 0 ? 0 : 1;
  }
  puts(VERSION);
  return 0;
}
