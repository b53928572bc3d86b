using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Models.Reading;

public sealed class FileStateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FileStateTests()
    {
        Directory.CreateDirectory(_folder.File("cache/blobs"));
        Directory.CreateDirectory(_folder.File("cache/snapshots/first/unet"));
        Directory.CreateDirectory(_folder.File("farm/models"));
        File.WriteAllText(_folder.File("cache/blobs/1a"), "weights");
        File.CreateSymbolicLink(_folder.File("cache/snapshots/first/unet/model"), "../../../blobs/1a");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_link_to_a_link_is_followed_to_the_file()
    {
        File.CreateSymbolicLink(_folder.File("farm/model"), _folder.File("cache/snapshots/first/unet/model"));

        Assert.Equal(_folder.File("cache/blobs/1a"), FileState.Original(_folder.File("farm/model")));
        Assert.Equal(_folder.File("cache/blobs/1a"), FileState.Original(_folder.File("cache/blobs/1a")));
    }

    [Theory]
    [InlineData("cache/snapshots/first")]
    [InlineData("../../cache/snapshots/first")]
    public void A_relative_link_in_a_folder_that_is_linked_itself_starts_where_the_folder_lies(string target)
    {
        Directory.CreateSymbolicLink(_folder.File("farm/models/mine"), target[0] == '.' ? target : _folder.File(target));
        Directory.CreateSymbolicLink(_folder.File("shelf"), "farm/models");

        Assert.Equal(_folder.File("cache/blobs/1a"), FileState.Original(_folder.File("farm/models/mine/unet/model")));
        Assert.Equal(_folder.File("cache/blobs/1a"), FileState.Original(_folder.File("shelf/mine/unet/model")));
    }

    [Fact]
    public void A_link_to_itself_is_refused()
    {
        File.CreateSymbolicLink(_folder.File("loop"), "loop");

        Assert.Throws<IOException>(() => FileState.Original(_folder.File("loop")));
    }
}
