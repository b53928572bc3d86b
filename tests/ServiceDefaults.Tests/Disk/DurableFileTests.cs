using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.TestKit;

namespace RenderFarm.ServiceDefaults.Tests.Disk;

public sealed class DurableFileTests
{
    [Fact]
    public void A_file_is_there_whole_under_its_name_alone()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "picture.png");
        DurableFile.Write(path, [1, 2]);
        DurableFile.Write(path, [3, 4, 5]);
        DurableFile.SyncFolder(folder.Path);
        Assert.Equal([3, 4, 5], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_file_that_cannot_be_written_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "taken");
        Directory.CreateDirectory(Path.Combine(path, "inside"));
        Assert.ThrowsAny<IOException>(() => DurableFile.Write(path, [1]));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_a_writer_left_that_died_is_removed_and_finished_files_stay()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "picture.png");
        File.WriteAllText(path + ".part", "torn");
        DurableFile.Write(path + ".other", [1]);
        DurableFile.DeleteUnfinished(path);
        DurableFile.DeleteUnfinished("/no/such/folder/picture.png");
        Assert.Equal([path + ".other"], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        var error = Assert.Throws<IOException>(() => DurableFile.SyncFolder("/no/such/folder"));
        Assert.Contains("'/no/such/folder'", error.Message, StringComparison.Ordinal);
    }
}
