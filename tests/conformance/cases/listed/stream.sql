USE c_listed;
INSERT INTO Zebra VALUES (3, 'x');
DELETE FROM cat WHERE a = 3;
