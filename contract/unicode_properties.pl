#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
# Writes contract/unicode_properties.inc from the Unicode data that Perl carries:
#
#   perl contract/unicode_properties.pl >contract/unicode_properties.inc
#
# Perl 5.36 has Unicode 14.0, as RE2 has in Debian 12. What the columns mean stands in
# unicode_properties.cpp.
use strict;
use warnings;
use Unicode::UCD qw(prop_invlist prop_aliases prop_values prop_value_aliases);

# ECMA-262, table "Binary Unicode property aliases", and what RE2 lacks of the general categories.
# Each may be told as its difference to one before it, so those that are alike stand together.
my @binary = qw(
  Cn C Alphabetic ID_Start XID_Start ID_Continue XID_Continue Cased LC Uppercase Lowercase
  Changes_When_Lowercased Changes_When_Casefolded Changes_When_NFKC_Casefolded
  Changes_When_Uppercased Changes_When_Titlecased Changes_When_Casemapped Grapheme_Base
  Grapheme_Extend Case_Ignorable Diacritic Extender ASCII_Hex_Digit Hex_Digit Bidi_Control
  Bidi_Mirrored Dash Default_Ignorable_Code_Point Deprecated Emoji Emoji_Presentation
  Extended_Pictographic Emoji_Modifier_Base Emoji_Modifier Emoji_Component Ideographic
  Unified_Ideograph Radical IDS_Binary_Operator IDS_Trinary_Operator Join_Control
  Logical_Order_Exception Math Noncharacter_Code_Point Pattern_Syntax Pattern_White_Space
  White_Space Quotation_Mark Regional_Indicator Sentence_Terminal Terminal_Punctuation Soft_Dotted
  Variation_Selector);

# The points at which a set begins and ends, in turn, as distances: 5 bits a letter, the lowest
# first, 32 more where another one follows.
my @letters = ('0' .. '9', 'A' .. 'Z', 'a' .. 'z', '+', '-');

sub encoded {
  my ($text, $before) = ('', 0);
  for my $point (@_) {
    my $distance = $point - $before;
    $before = $point;
    while ($distance >= 32) {
      $text .= $letters[32 + $distance % 32];
      $distance = int($distance / 32);
    }
    $text .= $letters[$distance];
  }
  return $text;
}

# What stands in one of two lists alone.
sub difference {
  my %count;
  $count{$_}++ for map { @$_ } @_;
  return sort { $a <=> $b } grep { $count{$_} == 1 } keys %count;
}

# One entry, its data in lines of their own.
sub entry {
  my ($macro, $names, @data) = @_;
  print "$macro(", join(', ', map { "\"$_\"" } @$names);
  for my $data (@data) {
    my @lines = $data =~ /.{1,88}/g;
    @lines = ('') unless @lines;
    print ',', map { "\n         \"$_\"" } @lines;
  }
  print ")\n";
}

print "// SPDX-License-Identifier: Apache-2.0\n";
print "// Made by unicode_properties.pl, of Unicode ", Unicode::UCD::UnicodeVersion(), ".\n";
my %points;
for my $name (@binary) {
  my $category = length($name) <= 2;
  my @own = prop_invlist($category ? "General_Category=$name" : $name);
  my ($base, $data) = ('', encoded(@own));
  for my $other (sort keys %points) {
    my $less = encoded(difference(\@own, $points{$other}));
    ($base, $data) = ($other, $less) if length($less) < length($data);
  }
  $points{$name} = \@own;
  my @aliases = $category ? prop_value_aliases('General_Category', $name) : prop_aliases($name);
  my ($short) = grep { $_ ne $name } @aliases, '';
  $short = 'space' if $name eq 'White_Space';
  entry('PROPERTY', [$name, $short, $base], $data);
}
my @scripts = map { (prop_value_aliases('Script', $_))[1] } prop_values('Script');
for my $value (sort grep { $_ ne 'Unknown' } @scripts) {
  my ($short, $long, @older) = prop_value_aliases('Script', $value);
  my @script = prop_invlist("Script=$value");
  my @extended = prop_invlist("Script_Extensions=$value");
  entry('SCRIPT', [$long, $short, $older[0] // ''], encoded(@script),
        encoded(difference(\@script, \@extended)));
}
