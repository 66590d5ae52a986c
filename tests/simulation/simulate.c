/*
 * Runs seeds. Without arguments it is a test: it plays the seeds that once failed, which are in
 * tests/simulation/seeds, and the first SEEDS others.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "simulation/shrink.h"

#define SEEDS 400
#define CLUSTERS 60
#define JOBS_MOST 64

static const char usage[] = "Usage: simulate [OPTION...]\n"
			    "  --from=SEED --count=N  play these seeds\n"
			    "  --seconds=N            play as many as there is time for\n"
			    "  --jobs=N               in so many processes\n"
			    "  --clusters             only those that are runs of a cluster\n"
			    "  --stop                 and no more after one that fails\n"
			    "  --seed=SEED            play one, and tell its story\n"
			    "  --shrink               and make the story of one that fails short\n"
			    "  --trace                with everything that happens\n"
			    "  --keep=DIR             and put the files of its programs there\n";

struct options {
	uint64_t from, count, seed;
	unsigned seconds, jobs;
	time_t end; /* if there are seconds */
	const char *keep;
	bool one, clusters, shrink, trace, stop;
};

/* The seeds that a process has played. */
struct played {
	uint64_t seed; /* the last one */
	uint64_t seeds, failed, simulated_ns;
	struct tally tally;
};

#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);

/* A process that is killed leaves what libraries have allocated for it. */
int
__lsan_is_turned_off(void)
{
	return 1;
}
#endif

/* ---- one seed ---- */

static int
tell(const struct options *options)
{
	static struct run run;
	struct plan plan;

	plan_draw(&plan, options->seed);
	world_trace_on(options->trace && !options->shrink);
	run_play(&run, &plan, options->keep);
	if (*run.fault && options->shrink)
		printf("# %u runs made it shorter\n", shrink_plan(&plan, &run));
	plan_print(&plan);
	if (options->shrink) {
		world_trace_on(options->trace);
		run_play(&run, &plan, options->keep);
	}
	printf("%s\nhash %016" PRIx64 ", %" PRIu64 " steps\n",
		*run.fault ? run.fault : "nothing is wrong", run.hash, run.tally.steps);
	return *run.fault != '\0';
}

/* ---- many ---- */

/* Every field of a tally is a uint64_t. */
static void
add_tally(struct tally *sum, const struct tally *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void
play(uint64_t seed, struct played *played)
{
	static struct run run;
	struct plan plan;

	played->seed = seed;
	played->seeds++;
	plan_draw(&plan, seed);
	run_play(&run, &plan, NULL);
	played->simulated_ns += (uint64_t)run.ended_ns;
	add_tally(&played->tally, &run.tally);
	if (!*run.fault)
		return;
	played->failed++;
	printf("# seed %" PRIu64 ": %s\n", seed, run.fault);
	fflush(stdout);
}

/* Seconds since anything: time(2) is that of the world. */
static time_t
real_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool
is_over(const struct options *options, uint64_t next, const struct played *played)
{
	for (unsigned job = 0; options->stop && job < options->jobs; job++)
		if (played[job].failed)
			return true;
	return options->seconds ? real_seconds() >= options->end : next >= options->count;
}

static uint64_t
nth_seed(const struct options *options, uint64_t n)
{
	uint64_t first = options->from < CLUSTERS_FROM ? CLUSTERS_FROM : options->from;

	if (!options->clusters)
		return options->from + n;
	return (first + CLUSTERS_ONE_IN - 1) / CLUSTERS_ONE_IN * CLUSTERS_ONE_IN +
		n * CLUSTERS_ONE_IN;
}

static void
play_share(const struct options *options, unsigned job, struct played *played)
{
	for (uint64_t i = job; !is_over(options, i, played); i += options->jobs)
		play(nth_seed(options, i), &played[job]);
}

static void
print_sum(const struct played *sum)
{
	const struct tally *tally = &sum->tally;

	printf("# %" PRIu64 " seeds, %" PRIu64 " of them failed; %.1f simulated hours, %" PRIu64
	       " steps, %" PRIu64 " calls of the system\n",
		sum->seeds, sum->failed, (double)sum->simulated_ns / 3.6e12, tally->steps,
		tally->calls);
	printf("# messages %" PRIu64 "; processes started %" PRIu64 ", killed %" PRIu64
	       "; losses of power %" PRIu64 " with %" PRIu64 " lost pages\n",
		tally->messages, tally->starts, tally->kills, tally->power_losses,
		tally->lost_pages);
	printf("# short reads %" PRIu64 ", short writes %" PRIu64 ", delays %" PRIu64
	       ", resets %" PRIu64 ", clock steps %" PRIu64 "\n",
		tally->short_reads, tally->short_writes, tally->delays, tally->resets,
		tally->clock_steps);
	printf("# disk: short writes %" PRIu64 ", full %" PRIu64 ", errors %" PRIu64
	       ", failed syncs %" PRIu64 ", slow syncs %" PRIu64 "\n",
		tally->disk_shorts, tally->disk_fulls, tally->disk_errors, tally->sync_errors,
		tally->slow_syncs);
	printf("# streams: batches %" PRIu64 ", stored already %" PRIu64 ", not answered %" PRIu64
	       ", changes of the leader %" PRIu64 ", lost connections %" PRIu64
	       ", losses of entries %" PRIu64 "\n",
		tally->batches, tally->batches_again, tally->batches_lost, tally->leaders,
		tally->cuts, tally->losses);
	printf("# streams that were deleted %" PRIu64
	       ", entries and calls that no server has published %" PRIu64 "\n",
		tally->deletions, tally->strangers);
	printf("# counted memory was compared with held memory %" PRIu64 " times\n",
		tally->metrics);
}

/* Starts the processes that play. */
static void
start_jobs(const struct options *options, struct played *played, pid_t *pids)
{
	fflush(stdout);
	for (unsigned job = 0; job < options->jobs; job++) {
		pids[job] = fork();
		if (pids[job] == 0) {
			play_share(options, job, played);
			exit(0);
		}
	}
}

/* Waits for a process. One that crashed has found a fault. */
static void
end_job(struct played *played, pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	if (status == 0)
		return;
	played->failed++;
	printf("# seed %" PRIu64 ": a program crashed (%s)\n", played->seed,
		WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended");
}

static int
play_all(const struct options *options)
{
	struct played *played = mmap(NULL, JOBS_MOST * sizeof(*played), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct played sum = {0};
	pid_t pids[JOBS_MOST];

	if (played == MAP_FAILED)
		return 2;
	start_jobs(options, played, pids);
	for (unsigned job = 0; job < options->jobs; job++) {
		end_job(&played[job], pids[job]);
		sum.seeds += played[job].seeds;
		sum.failed += played[job].failed;
		sum.simulated_ns += played[job].simulated_ns;
		add_tally(&sum.tally, &played[job].tally);
	}
	print_sum(&sum);
	munmap(played, JOBS_MOST * sizeof(*played));
	return sum.failed || !sum.seeds;
}

/* ---- as a test ---- */

static bool
is_deterministic(uint64_t seed)
{
	static struct run run;
	struct plan plan;
	uint64_t hash;

	plan_draw(&plan, seed);
	run_play(&run, &plan, NULL);
	hash = run.hash;
	run_play(&run, &plan, NULL);
	return hash == run.hash && hash != 0;
}

/* A slow build of the programs plays fewer seeds. */
static uint64_t
count_of_seeds(uint64_t count)
{
	const char *slowness = getenv("CHAT_TEST_SLOWNESS");
	unsigned long times = slowness ? strtoul(slowness, NULL, 10) : 1;

	return times > 1 ? count / times / times : count;
}

/* Plays the seeds that have found something. Returns how many fail; *number is that of the next
 * test. */
static int
test_listed(int *number)
{
	FILE *seeds = fopen("tests/simulation/seeds", "r");
	struct played played = {0};
	char line[256];
	int bad = 0;

	while (seeds && fgets(line, sizeof(line), seeds)) {
		uint64_t failed = played.failed, seed;
		char *what;

		seed = strtoull(line, &what, 10);
		if (what == line)
			continue;
		play(seed, &played);
		bad += played.failed > failed;
		printf("%sok %d - seed %" PRIu64 "%s", played.failed > failed ? "not " : "",
			(*number)++, seed, what);
	}
	if (seeds)
		fclose(seeds);
	return bad;
}

static bool
test_determinism(void)
{
	bool same = true;

	for (uint64_t seed = 1; seed < 20; seed++)
		same = same && is_deterministic(seed);
	for (uint64_t i = 0; i < 10; i++)
		same = same && is_deterministic(nth_seed(&(struct options){.clusters = true}, i));
	return same;
}

static int
test(void)
{
	struct options options = {.from = 1, .count = count_of_seeds(SEEDS), .jobs = 1};
	struct options clusters = {.clusters = true, .count = count_of_seeds(CLUSTERS), .jobs = 1};
	int number = 1, bad = test_listed(&number);
	bool passed = test_determinism();

	bad += !passed;
	printf("%sok %d - the same seed gives the same run\n", passed ? "" : "not ", number++);
	fflush(stdout);
	passed = play_all(&options) == 0;
	bad += !passed;
	printf("%sok %d - seeds 1 to %" PRIu64 "\n", passed ? "" : "not ", number++, options.count);
	fflush(stdout);
	passed = play_all(&clusters) == 0;
	bad += !passed;
	printf("%sok %d - %" PRIu64 " clusters\n1..%d\n", passed ? "" : "not ", number,
		clusters.count, number);
	return bad != 0;
}

/* ---- the command line ---- */

static const struct option names[] = {
	{"from", required_argument, NULL, 'f'},
	{"count", required_argument, NULL, 'c'},
	{"seconds", required_argument, NULL, 's'},
	{"jobs", required_argument, NULL, 'j'},
	{"seed", required_argument, NULL, 'o'},
	{"keep", required_argument, NULL, 'k'},
	{"clusters", no_argument, NULL, 'l'},
	{"stop", no_argument, NULL, 'p'},
	{"shrink", no_argument, NULL, 'r'},
	{"trace", no_argument, NULL, 't'},
	{NULL, 0, NULL, 0},
};

static void
take(struct options *options, int option)
{
	switch (option) {
	case 'f':
		options->from = strtoull(optarg, NULL, 10);
		break;
	case 'c':
		options->count = strtoull(optarg, NULL, 10);
		break;
	case 's':
		options->seconds = (unsigned)strtoul(optarg, NULL, 10);
		options->end = real_seconds() + options->seconds;
		break;
	case 'j':
		options->jobs = (unsigned)strtoul(optarg, NULL, 10);
		break;
	case 'o':
		options->seed = strtoull(optarg, NULL, 10);
		options->one = true;
		break;
	case 'k':
		options->keep = optarg;
		break;
	case 'l':
		options->clusters = true;
		break;
	case 'p':
		options->stop = true;
		break;
	case 'r':
		options->shrink = true;
		break;
	case 't':
		options->trace = true;
		break;
	default:
		fputs(usage, stderr);
		exit(64);
	}
}

int
main(int argc, char **argv)
{
	struct options options = {.from = 1, .count = SEEDS, .jobs = 1};
	int option;

#if defined(__SANITIZE_THREAD__)
	puts("1..0 # SKIP ThreadSanitizer does not know the simulation's threads");
	return 0;
#endif
	if (argc == 1)
		return test();
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		take(&options, option);
	if (options.jobs < 1 || options.jobs > JOBS_MOST)
		options.jobs = 1;
	return options.one ? tell(&options) : play_all(&options);
}
