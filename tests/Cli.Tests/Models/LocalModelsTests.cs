using RenderFarm.Cli.Models;
using RenderFarm.TestKit;

namespace RenderFarm.Cli.Tests.Models;

public sealed class LocalModelsTests
{
    [Fact]
    public void A_link_to_where_the_program_lay_before_is_made_anew()
    {
        using var data = new TemporaryFolder();
        var link = Path.Combine(Directory.CreateDirectory(LocalModels.FolderOf(data.Path)).FullName, "emoji");
        Directory.CreateSymbolicLink(link, Path.Combine(data.Path, "gone", "emoji"));

        Assert.Contains(link, LocalModels.In(LocalModels.Prepare(data.Path)));
    }
}
