using RenderFarm.Coordinator.Standing;

namespace RenderFarm.Coordinator.Tests.Standing;

public sealed class OutagesTests
{
    [Theory]
    [InlineData(3, 1, 0, false, false)]
    [InlineData(3, 2, 0, true, false)]
    [InlineData(10, 2, 0, false, false)]
    [InlineData(10, 3, 0, true, false)]
    [InlineData(1, 0, 1, false, false)]
    [InlineData(0, 0, 2, false, true)]
    [InlineData(8, 0, 2, false, false)]
    [InlineData(7, 0, 3, false, true)]
    [InlineData(4, 4, 4, true, true)]
    public void Trouble_of_two_workers_and_of_three_in_ten_is_an_incident(int live, int storeIsAway, int lost, bool store, bool workers)
    {
        var seen = Outages.Seen(new FarmSigns(live, storeIsAway, lost, null));
        Assert.Equal((store, workers), (seen.ContainsKey(IncidentKind.Store), seen.ContainsKey(IncidentKind.Workers)));
    }
}
