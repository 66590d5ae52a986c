#!/usr/bin/perl
#
# Prints the examples of README.md and of manual pages as a reader sees them, each one ended by a NUL:
# each line of the README's code blocks (with the lines that a backslash joins to it), and the literal
# displays (.Bd, .Dl) of the manual pages. Usage: printed-examples.pl FILE [SECTION]
use strict;
use warnings;

my ($file, $section) = @ARGV;
open my $in, '<', $file or die "$file: $!\n";
local $/;
my $text = <$in>;
if (defined $section) {
	$text =~ /^\.Sh \Q$section\E\n(.*?)(?=^\.Sh |\z)/ms or die "$file has no section $section\n";
	$text = $1;
}
if ($file =~ /\.md$/) {
	for my $block ($text =~ /^```sh\n(.*?)^```$/msg) {
		print "$_\0" for grep { !/^\s*(#.*)?$/ } split /(?<!\\)\n/, $block;
	}
	exit;
}
while ($text =~ /^(?:\.Bd -literal[^\n]*\n(.*?)^\.Ed|\.Dl ([^\n]*))$/msg) {
	my $block = $1 // "$2\n";
	$block =~ s/^\\&//mg;
	$block =~ s/\\\(dq/"/g;
	$block =~ s/\\-/-/g;
	$block =~ s/\\e/\\/g;
	print "$block\0";
}
