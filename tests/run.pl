#!/usr/bin/perl
#
# run.pl JOBS SECONDS TEST…: runs programs that speak TAP, JOBS at once, each for SECONDS at most. Prints a line for
# each when it ends, with the tests that failed in it, then prove's summary, then what was skipped and why. The programs
# of tests/cluster mostly wait: two of them run beside the others.

use strict;
use warnings;

use TAP::Harness;

my ($jobs, $seconds, @tests) = @ARGV;
die "run.pl: no test is named\n" unless @tests;
my ($ended, @skipped, %failures) = (0);
$| = 1;

# notes PARSER NAME: keeps the tests that fail in a program, with the comments behind them, and those that it skips.
sub notes {
	my ($parser, $name) = @_;
	my $failing = 0;
	$parser->callback(test => sub {
		my ($test) = @_;
		$failing = !$test->is_ok;
		$failures{$name} .= '    ' . $test->as_string . "\n" if $failing;
		push @skipped, "$name: test " . $test->number . ': ' . $test->explanation if $test->has_skip;
	});
	$parser->callback(comment => sub {
		$failures{$name} .= '    ' . $_[0]->as_string . "\n" if $failing;
	});
}

sub report {
	my ($parser, $name) = @_;
	my $state = 'ok';
	my $more = '';
	if ($parser->skip_all) {
		$state = 'skip';
		$more = ': ' . $parser->skip_all;
		push @skipped, $name . $more;
	}
	$state = 'FAIL' if $parser->has_problems;
	printf "[%*d/%d] %-4s %5.1f s  %s%s\n%s", length(scalar @tests), ++$ended, scalar @tests, $state,
		$parser->end_time - $parser->start_time, $name, $more, $failures{$name} // '';
}

my (@lanes, $clusters); # the programs of each lane run one after the other
push @{$lanes[$clusters++ % 2]}, $_ for grep { m{^tests/cluster/} } @tests;

my $harness = TAP::Harness->new({
	verbosity => -2,
	jobs => $jobs + @lanes,
	rules => {par => [(map { {seq => $_} } @lanes), {par => '**'}]},
	exec => ['timeout', '-k', 5, $seconds],
});
$harness->callback(made_parser => sub { notes($_[0], $_[1][1]) });
$harness->callback(after_test => sub { report($_[1], $_[0][1]) });
my $results = $harness->runtests(@tests);

print @skipped ? 'Skipped: ' . @skipped . "\n" : "Skipped: nothing\n";
print "  $_\n" for sort @skipped;
exit($results->has_errors ? 1 : 0);
