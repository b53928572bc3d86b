using RenderFarm.TestKit;
using RenderFarm.Worker.ModelCache;

namespace RenderFarm.Worker.Tests.ModelCache;

public sealed class RangeJournalTests : IDisposable
{
    private static readonly FileRange[] Ranges = [new(0, 0, 0, 10), new(0, 1, 10, 10), new(3, 12, 0, 1)];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_added_is_there_when_it_is_opened_again()
    {
        using (var journal = RangeJournal.Open(_folder.Path))
        {
            journal.Add(Ranges[0]);
            journal.Add(Ranges[2]);
        }

        using var again = RangeJournal.Open(_folder.Path);
        Assert.Equal([true, false, true], Ranges.Select(again.Has));
    }

    [Theory]
    [InlineData("0 0\n0 1\n3 1", true, true, false)]
    [InlineData("0 0\n0", true, false, false)]
    [InlineData("0 0\nx y\n3 12\n", true, false, true)]
    [InlineData("\0\0\0\0", false, false, false)]
    public void A_line_that_is_torn_counts_as_none_and_is_written_over(string text, bool first, bool second, bool third)
    {
        File.WriteAllText(_folder.File(".ranges"), text);

        using (var journal = RangeJournal.Open(_folder.Path))
        {
            Assert.Equal([first, second, third], Ranges.Select(journal.Has));
            journal.Add(Ranges[2]);
        }

        using var again = RangeJournal.Open(_folder.Path);
        Assert.Equal([first, second, true], Ranges.Select(again.Has));
    }
}
