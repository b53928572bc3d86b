using Microsoft.Extensions.Time.Testing;
using RenderFarm.Worker.Commits;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Tests.Commits;

public sealed class LeaseCommitsTests
{
    private static readonly TimeSpan Tick = CommitClock.GatherFor;
    private readonly FakeTimeProvider _time = new();
    private readonly CommitClock _clock;

    public LeaseCommitsTests() => _clock = new CommitClock(new WorkerIdentity("bench", 1, "cpu", 1, 4, 1 << 20), _time);

    [Theory]
    [InlineData(2, 2)]
    [InlineData(30, 3)]
    [InlineData(100, 8)]
    [InlineData(500, 33)]
    [InlineData(3000, 64)]
    public void A_lease_of_64_is_reported_seldom_when_its_frames_come_fast_and_soon_when_they_are_slow(int milliseconds, int mostReports)
    {
        var commits = Of();
        var reports = new List<int>();
        var longest = TimeSpan.Zero;
        var waiting = new Queue<long>();
        var nextTick = _time.GetUtcNow() + Tick;
        for (var frame = 0; frame < 64; frame++)
        {
            for (var passed = 0; passed < milliseconds; passed++)
            {
                _time.Advance(TimeSpan.FromMilliseconds(1));
                if (_time.GetUtcNow() >= nextTick)
                {
                    nextTick += Tick;
                    Report();
                }
            }

            waiting.Enqueue(_clock.Now);
            if (commits.Add(Picture(commits.Lease, frame), _clock, isDue: frame is 0 or 63))
            {
                Report();
            }
        }

        Assert.Equal(64, reports.Sum());
        Assert.InRange(reports.Count, 2, mostReports);
        Assert.Equal(1, reports[0]);
        Assert.InRange(longest, TimeSpan.Zero, CommitClock.ReportEvery + Tick);

        void Report()
        {
            if (commits.Due(_clock) is { Count: > 0 } due)
            {
                reports.Add(due.Count);
                for (var picture = 0; picture < due.Count; picture++)
                {
                    var age = _time.GetElapsedTime(waiting.Dequeue());
                    longest = age > longest ? age : longest;
                }

                Assert.Equal(due.Count, commits.Take(due.Select(picture => picture.Index)).Count);
            }
        }
    }

    [Fact]
    public void A_report_is_repeated_after_growing_waits_until_it_is_answered()
    {
        var commits = Of();
        commits.Add(Picture(commits.Lease, 0), _clock, isDue: true);
        Assert.Single(commits.Due(_clock));
        var waits = new List<double>();
        var last = _time.GetTimestamp();
        while (waits.Count < 5)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (commits.Due(_clock).Count > 0)
            {
                waits.Add(_time.GetElapsedTime(last).TotalSeconds);
                last = _time.GetTimestamp();
            }
        }

        Assert.Equal([5, 10, 20, 30, 30], waits);
        Assert.Single(commits.Take([0]));
        Assert.Empty(commits.Take([0]));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(commits.Due(_clock));
    }

    [Fact]
    public void A_report_that_did_not_get_away_is_due_at_once_and_still_counts_as_reported()
    {
        var commits = Of();
        commits.Add(Picture(commits.Lease, 0), _clock, isDue: true);
        commits.Retry(commits.Due(_clock));
        Assert.Empty(commits.TakeUnreported());
        Assert.Single(commits.Due(_clock));
        Assert.Single(commits.Take([0]));
    }

    private static LeaseCommits Of() => new(new LeaseMark(Guid.NewGuid(), Guid.NewGuid(), 7, "acme", "png"));

    private static SpooledPicture Picture(LeaseMark lease, long index) => new(lease, index, new PictureFacts(index, "", 1, 64, 64, 5), "");
}
