using RenderFarm.Coordinator.Dashboard.Elements;

namespace RenderFarm.Coordinator.Tests.Dashboard.Elements;

public sealed class ShowTests
{
    [Theory]
    [InlineData(0.4, "0 s")]
    [InlineData(48, "48 s")]
    [InlineData(192, "3 min 12 s")]
    [InlineData(7_860, "2 h 11 min")]
    [InlineData(273_600, "3 d 4 h")]
    public void A_span_has_its_two_largest_units(double seconds, string shown) => Assert.Equal(shown, Show.Span(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(1, "now")]
    [InlineData(59, "59 s ago")]
    [InlineData(3_599, "59 min ago")]
    [InlineData(86_399, "23 h ago")]
    [InlineData(864_000, "10 d ago")]
    [InlineData(-1, "now")]
    [InlineData(-540, "in 9 min")]
    [InlineData(-7_260, "in 2 h")]
    public void A_moment_is_so_long_ago_or_ahead(double seconds, string shown) => Assert.Equal(shown, Show.Ago(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(93L << 20, "93 MiB")]
    [InlineData(24L << 30, "24 GiB")]
    public void Bytes_have_their_unit(long bytes, string shown) => Assert.Equal(shown, Show.Bytes(bytes));

    [Theory]
    [InlineData(2.94, "2.9 img/s")]
    [InlineData(0.05, "3.0 img/min")]
    public void A_slow_rate_is_shown_by_the_minute(double perSecond, string shown) => Assert.Equal(shown, Show.Rate(perSecond));

    [Fact]
    public void Counts_are_grouped_and_their_nouns_agree() =>
        Assert.Equal(("1,000,000", "1 image", "0 images"), (Show.Count(1_000_000), Show.Counted(1, "image"), Show.Counted(0, "image")));

    [Fact]
    public void A_share_just_under_the_whole_is_not_shown_as_the_whole() => Assert.Equal(("99 %", "100 %"), (Show.Percent(0.9999), Show.Percent(1)));
}
